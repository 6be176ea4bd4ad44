import { registerTypeScript } from './typescript.js';

registerTypeScript();
const { start } = await import('../local/main.ts');
process.exitCode = await start(process.argv.slice(2));
