import { curves } from "./curves.ts";
import { custom } from "./custom.ts";
import { faces } from "./faces.ts";
import { mnist } from "./mnist.ts";
import type { ProblemName } from "./autoencoder_flags.ts";
import type { Problem } from "./problem.ts";

/** What autoencoders learn, by the names of --problem. */
export const problems: Readonly<Record<ProblemName, Problem>> = { curves, mnist, faces, custom };
