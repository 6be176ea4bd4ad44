import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { LocalFailure } from './failure.ts';
import { accountId, region } from './identity.ts';
import type { Stack } from './template/create-stack.ts';
import { readTemplate } from './template/template.ts';

const Manifest = v.object({
  artifacts: v.optional(
    v.record(
      v.string(),
      v.object({
        type: v.string(),
        /** `aws://<account>/<region>`, of a stack. */
        environment: v.optional(v.string()),
        dependencies: v.optional(v.array(v.string()), []),
        displayName: v.optional(v.string()),
        properties: v.optional(
          v.object({
            directoryName: v.optional(v.string()),
            displayName: v.optional(v.string()),
            file: v.optional(v.string()),
            templateFile: v.optional(v.string()),
            stackName: v.optional(v.string()),
            tags: v.optional(v.record(v.string(), v.string()), {}),
          }),
          {},
        ),
      }),
    ),
    {},
  ),
});

const AssetManifest = v.object({
  files: v.optional(
    v.record(
      v.string(),
      v.object({
        source: v.object({ path: v.string() }),
        destinations: v.record(v.string(), v.object({ objectKey: v.string() })),
      }),
    ),
    {},
  ),
});

/** The part of a cloud assembly that one CDK `Stage` makes, or what an app has without one. */
export interface StageAssembly {
  /** The construct id of the stage. */
  readonly id: string;
  /** The name of its record, from the tag of its stacks; its id in lower case where they have none. */
  readonly name: string;
  /** In an order in which each comes after those that it depends on. */
  readonly stacks: readonly Stack[];
  /** Folder of the asset that a template names by its object key in the bootstrap bucket. */
  assetFolder(objectKey: string): string;
}

/** Reads what the CDK app wrote to `folder`: an assembly for each of its stages, and one of stacks without a stage. */
export function readCloudAssembly(folder: string): StageAssembly[] {
  const own = readStage(folder, 'App');
  const nested = own.stacks.length > 0 ? [own] : [];
  for (const { type, properties } of Object.values(readManifest(folder).artifacts)) {
    if (type === 'cdk:cloud-assembly' && properties.directoryName) {
      const id = properties.displayName ?? properties.directoryName;
      nested.push(readStage(join(folder, properties.directoryName), id));
    }
  }
  return nested;
}

function readStage(folder: string, id: string): StageAssembly {
  const { artifacts } = readManifest(folder);
  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  const read = new Set<string>();
  let name = id.toLowerCase();

  const visit = (artifactId: string): void => {
    const artifact = artifacts[artifactId];
    if (!artifact || read.has(artifactId)) return;
    read.add(artifactId);
    for (const dependency of artifact.dependencies) visit(dependency);
    const { file, templateFile, stackName, tags } = artifact.properties;
    if (artifact.type === 'cdk:asset-manifest' && file) readAssets(folder, file, assets);
    if (artifact.type === 'aws:cloudformation:stack' && templateFile) {
      const template = readTemplate(join(folder, templateFile), (text) =>
        withLocalArns(text, artifact.environment),
      );
      stacks.push({ name: stackName ?? artifactId, template });
      name = tags?.['postern:stage'] ?? name;
    }
  };
  for (const artifactId of Object.keys(artifacts)) visit(artifactId);

  return {
    id,
    name,
    stacks,
    assetFolder(objectKey) {
      const path = assets.get(basename(objectKey));
      if (path) return path;
      throw new LocalFailure(`The cloud assembly has no asset ${objectKey}`);
    },
  };
}

/**
 * A template whose stack has an account and a region states them in its ARNs. Here the ARNs are those of this machine,
 * as where a template leaves both open.
 */
function withLocalArns(text: string, environment: string | undefined): string {
  const [, account, itsRegion] = /^aws:\/\/(\d{12})\/([a-z\d-]+)$/.exec(environment ?? '') ?? [];
  if (account === undefined || itsRegion === undefined) return text;
  return text
    .replaceAll(`:${itsRegion}:${account}:`, `:${region}:${accountId}:`)
    .replaceAll(`::${account}:`, `::${accountId}:`);
}

function readAssets(folder: string, file: string, assets: Map<string, string>): void {
  const { files } = v.parse(
    v.pipe(v.string(), v.parseJson(), AssetManifest),
    readFileSync(join(folder, file), 'utf8'),
  );
  for (const { source, destinations } of Object.values(files)) {
    for (const { objectKey } of Object.values(destinations)) {
      assets.set(basename(objectKey), join(folder, source.path));
    }
  }
}

function readManifest(folder: string): v.InferOutput<typeof Manifest> {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) throw new LocalFailure(`${folder} is no cloud assembly: it has no manifest.json`);
  return v.parse(v.pipe(v.string(), v.parseJson(), Manifest), readFileSync(path, 'utf8'));
}
