import { registerTypeScript } from './typescript.js';

// The AWS SDK's advice on versions of Node.js would come between the lines that programs read from here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

registerTypeScript();
const { main } = await import('../cli/main.ts');
process.exitCode = await main(process.argv.slice(2), process);
