import { registerTypeScript } from './typescript.js';

registerTypeScript();
await import('../local/main.ts');
