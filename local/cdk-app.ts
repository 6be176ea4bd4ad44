import { commercelayer, stages as deployedStages } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import { isSynthesized, synthesize } from './synthesize.ts';

/** A stage that runs: the construct id and the name of its record. */
export interface RunningStage extends Pick<StageRecord, 'id' | 'name'> {
  /** Port of its API, if it is not the one that an option names. */
  readonly port?: number;
}

/** The CDK app whose stages run. */
export interface CdkApp {
  /** Whether `outdir` has what the app would synthesize now. */
  isSynthesized(outdir: string): boolean;
  /** Runs the app as the CDK CLI does, into `outdir`. */
  synthesize(outdir: string): Promise<void>;
  /** The stages of a cloud assembly of the app that run. */
  stagesIn(assemblyFolder: string): readonly RunningStage[];
  /** Whether partners for trying things out are registered with each stage. */
  readonly hasDemoPartners: boolean;
}

export interface CdkAppOptions {
  /** The stages that run: those that are deployed, where it is left out. */
  readonly stages?: readonly StageRecord[] | undefined;
  /** Issuer of each stage by its name; a stage that is not named has the URL of its API. */
  readonly issuers?: Readonly<Record<string, string>> | undefined;
  /** Port of the first stage of another app. Each of the others is ten above the one before. */
  readonly firstPort?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The app of this repository. In the package it is that of the folder: `cdk-app.packaged.ts`. */
export function cdkApp({ stages = deployedStages, issuers = {}, signal }: CdkAppOptions): CdkApp {
  const settings = { commercelayer: stages.includes(commercelayer), issuers, signal };
  return {
    isSynthesized: (outdir) => isSynthesized(outdir, settings),
    synthesize: (outdir) => synthesize(outdir, settings),
    stagesIn: () => stages,
    hasDemoPartners: true,
  };
}
