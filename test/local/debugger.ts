import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { SourceMap } from 'node:module';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

type Params = Readonly<Record<string, unknown>>;

/** A debugger that attaches as an editor or Chrome does: the Chrome DevTools Protocol over a WebSocket. */
export async function attachDebugger(webSocketUrl: string) {
  const socket = await openWebSocket(webSocketUrl);
  const events: { method: string; params: Params }[] = [];
  const results = new Map<number, (result: Params) => void>();
  let wake = () => {};
  let id = 0;
  onMessages(socket, (text) => {
    const message = JSON.parse(text);
    if (message.method === undefined) results.get(message.id)?.(message.result);
    else events.push(message);
    wake();
  });

  const send = (method: string, params: Params = {}) => {
    id += 1;
    socket.write(frame(JSON.stringify({ id, method, params })));
    return new Promise<Params>((resolve) => results.set(id, resolve));
  };

  /** The next event of this kind, whose parameters fit. */
  async function next(method: string, fits: (params: Params) => boolean = () => true): Promise<Params> {
    for (;;) {
      const found = events.findIndex((event) => event.method === method && fits(event.params));
      if (found >= 0) return events.splice(found, 1)[0]?.params ?? {};
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    send,
    next,
    /** Sets a breakpoint on a line of a source file, by the source map of the bundle that holds it. */
    async breakAt(bundle: string, source: string, line: number) {
      const script = await next('Debugger.scriptParsed', ({ url }) => String(url).includes(bundle));
      const url = String(script['url']);
      const mapUrl = new URL(String(script['sourceMapURL']), url);
      const place = generatedPlace(
        fileURLToPath(url.split('?')[0] ?? ''),
        fileURLToPath(mapUrl),
        source,
        line,
      );
      return send('Debugger.setBreakpointByUrl', { url, ...place });
    },
    close: () => socket.destroy(),
  };
}

/** Where the bundle has a line of a source. */
function generatedPlace(codeFile: string, mapFile: string, source: string, line: number) {
  const map = new SourceMap(JSON.parse(readFileSync(mapFile, 'utf8')));
  for (const [lineNumber, text] of readFileSync(codeFile, 'utf8').split('\n').entries()) {
    const columnNumber = text.search(/\S/);
    const entry = map.findEntry(lineNumber, Math.max(0, columnNumber));
    if (
      'originalSource' in entry &&
      entry.originalSource.endsWith(source) &&
      entry.originalLine === line - 1
    ) {
      return { lineNumber, columnNumber };
    }
  }
  throw new Error(`The bundle has no line ${line} of ${source}`);
}

async function openWebSocket(url: string): Promise<Socket> {
  const request = get(url.replace(/^ws/, 'http'), {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    },
  });
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket];
  return socket;
}

/** A text frame of a client, masked as RFC 6455 §5.3 demands; a mask of zeros is one. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const isShort = payload.length < 126;
  const length = Buffer.alloc(isShort ? 1 : 3, 0x80 | (isShort ? payload.length : 126));
  if (!isShort) length.writeUInt16BE(payload.length, 1);
  return Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), payload]);
}

/** The text frames of a server, which are not masked. */
function onMessages(socket: Socket, take: (text: string) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const short = (received[1] ?? 0) & 0x7f;
      const start = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (received.length < start) return;
      const length =
        short === 126
          ? received.readUInt16BE(2)
          : short === 127
            ? Number(received.readBigUInt64BE(2))
            : short;
      if (received.length < start + length) return;
      take(received.subarray(start, start + length).toString());
      received = received.subarray(start + length);
    }
  });
}
