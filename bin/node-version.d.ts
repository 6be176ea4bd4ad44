/** What to tell whoever runs this version of Node.js, or undefined where it is new enough. */
export function versionRefusal(version: string): string | undefined;
