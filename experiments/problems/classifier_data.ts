import type { LoadingSession } from "../study/resume.ts";
import type { Values } from "../terminal/flags.ts";
import { chooseClasses, type classifierFlags } from "./classifier_flags.ts";
import { type LayerEntry, shapeOfLayers } from "./classifier_layers.ts";
import { loadProblem, type ReadyProblem } from "./problem.ts";
import { problems } from "./problems.ts";

/** The cases and labels that a command line asks for. Throws InputError where there are none. */
export function loadLabelled(
  options: Omit<Values<typeof classifierFlags>, "layers"> & {
    readonly layers: readonly LayerEntry[];
    readonly batchSize: number;
  },
  { earlier, interruption, once }: LoadingSession,
): Promise<ReadyProblem> {
  const { problem, data, testData, header, batchSize, trainCases, layers } = options;
  const { labels, testLabels, labelNoise: share, dataSeed: seed } = options;
  const { inputs, classes: count } = shapeOfLayers(layers);
  const classes = chooseClasses(options.classes, count);
  const labelFiles = { labels, testLabels };
  const labelNoise = share > 0 ? { share, seed, classes: count } : undefined;
  const load = () =>
    problems[problem].load({
      ...{ ...options, interruption },
      ...{ width: inputs, outputUnit: "linear", labelling: { ...labelFiles, classes: count } },
    });
  return once(
    {
      ...{ problem, data, testData, header, batchSize, trainCases, labelNoise, layers, classes },
      ...labelFiles,
    },
    () => loadProblem(load, { ...options, classes, labelNoise, earlier }),
  );
}
