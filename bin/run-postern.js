import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

// The AWS SDK's advice on versions of Node.js would come between the lines that programs read from here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const checkout = new URL('../build/checkout-cli.js', import.meta.url);
const { main } = await import(existsSync(checkout) ? await moduleOfCheckout() : '../dist/cli/main.mjs');
process.exitCode = await main(process.argv.slice(2), process);

/** The package has the command line in `dist/`; a checkout bundles its own, so that it never runs what was built before. */
async function moduleOfCheckout() {
  const { checkoutCli } = await import(checkout.href);
  return pathToFileURL(await checkoutCli()).href;
}
