// Every Node.js must be able to read this file and what imports it, to say that it is too old.

const needed = [20, 19];

/** What to tell whoever runs this version of Node.js, or undefined where it is new enough. */
export function versionRefusal(version) {
  const parts = version.split('.').map(Number);
  const isNewEnough = parts[0] > needed[0] || (parts[0] === needed[0] && parts[1] >= needed[1]);
  if (isNewEnough) return undefined;
  return 'Postern needs Node.js ' + needed.join('.') + ' or later, and this is ' + version + '.';
}
