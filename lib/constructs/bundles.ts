import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { IConstruct } from 'constructs';
import { bundlesFolder } from './bundles-folder.ts';

/**
 * The minified bundle of `lambda/<folder>/handler.ts`: its own code and what it imports, nothing of other
 * functions.
 */
export function bundleOf(scope: Construct, folder: string): Code {
  const bundle = join(bundlesOf(scope).folder, folder);
  const content = readFileSync(join(bundle, 'index.mjs'));
  return Code.fromAsset(bundle, {
    // Source maps name paths of this machine, and Node.js would read them at each cold start. They stay in `cdk.out`.
    exclude: ['*.map'],
    assetHash: createHash('sha256').update(content).digest('hex'),
  });
}

/**
 * All bundles of an app, made by one run of esbuild when the first is needed. NodejsFunction would run one for each
 * function, which takes a second apiece.
 */
class Bundles extends Construct {
  readonly folder: string;

  constructor(root: IConstruct, id: string, outdir: string) {
    super(root, id);
    this.folder = bundlesFolder(outdir);
  }
}

function bundlesOf(scope: Construct): Bundles {
  const { root } = scope.node;
  const found = root.node.tryFindChild('Bundles');
  if (found instanceof Bundles) return found;
  return new Bundles(root, 'Bundles', Stage.of(scope)?.assetOutdir ?? 'cdk.out');
}
