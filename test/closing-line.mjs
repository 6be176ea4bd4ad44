/** Ends the output of a run with one line that programs can read: `N passed, N failed`. */
export default class ClosingLine {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, testResults }) {
    // A file that cannot be loaded has no test that could fail.
    const failed = numFailedTests + testResults.filter(({ testExecError }) => testExecError).length;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // After the summary of Jest, which is written when all reporters have returned.
    process.once('exit', () => console.log(`${numPassedTests} passed, ${failed} failed${skipped}`));
  }
}
