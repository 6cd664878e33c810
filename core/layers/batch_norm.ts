import { InputError } from "../errors.ts";
import type { Pass } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import {
  batchNorm as normalize,
  type BatchNormalized,
  batchNormBackward,
  batchNormEvaluated,
  batchNormTangent,
} from "../ops/batch_norm.ts";
import { apart } from "./activation.ts";

/** The share of a minibatch in the running means. */
const SHARE = 0.1;

/**
 * Batch norm (Ioffe and Szegedy 2015): each unit, of images each channel, less its mean over the
 * minibatch, divided by the root of its variance + 1e-5, times a gain that begins at 1, plus a shift
 * that begins at 0. Weight decay reaches neither. An evaluation takes the running mean and variance in
 * place of those of its cases, so that these do not depend on one another: both keep 0.9 of themselves
 * at each update, and are statistics of the network, see `Tape.statistic()`. The variance of n values
 * counts n / (n - 1) there.
 *
 * An `InputError` is thrown in training on minibatches of one value a unit, and where a minibatch is
 * cut into blocks, such as by `hessianFree({ blockCases })`.
 *
 * ```ts
 * import { activation, batchNorm, convolution, dense, sequential } from "../../mod.ts";
 *
 * const layers = sequential(
 *   convolution({ image: [1, 28, 28], channels: 8, size: 5 }),
 *   batchNorm(),
 *   activation("relu"),
 *   dense({ units: 10 }),
 * );
 * ```
 */
export function batchNorm(): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    const [channels, name] = [x.image?.[0] ?? x.columns, `batch norm of ${x.columns} units`];
    const n = tape.number;
    const ofChannels = (what: string) => ({ name: `${what} ${n}`, rows: 1, columns: channels });
    const [gains, shifts] = tape.tensors([
      { ...ofChannels("gains"), isBias: true },
      { ...ofChannels("shifts"), isBias: true },
    ], () => [new Float64Array(channels).fill(1), new Float64Array(channels)]);
    const means = tape.statistic(ofChannels("running means"), new Float64Array(channels));
    const variances = tape.statistic(
      ofChannels("running variances"),
      new Float64Array(channels).fill(1),
    );
    const [y, moments] = [tape.like(x), tape.value(channels, { rows: 2 })];
    // Where the input depends on no parameter: a tangent of zeros, and where a share of nobody's goes.
    const [zeros, dropped] = tape.moves(x) ? [] : [tape.like(x), tape.like(x)];
    const kept = ({ parameters, data }: Pass): BatchNormalized => (
      { x: data(x), moments: data(moments), gains: parameters.tensor(gains) }
    );
    return tape.record({
      ...{ name, reads: [x], writes: y, tensors: [gains, shifts] },
      forward(plan, pass) {
        const { data, parameters, isTraining, takesStatistics, statistic } = pass;
        const [out, ofShifts] = [data(y), parameters.tensor(shifts)];
        const running = () => ({ means: statistic(means), variances: statistic(variances) });
        if (!isTraining) {
          batchNormEvaluated(plan, kept(pass), { shifts: ofShifts, out, running: running() });
          return;
        }
        if (out.steps * out.rows * x.columns === channels) {
          throw new InputError(
            `a ${name} takes means over a minibatch, and of one value there is none: train on ` +
              "minibatches of 2 cases or more",
          );
        }
        const share = pass.statisticsShare ?? SHARE;
        const takes = takesStatistics ? { ...running(), share } : undefined;
        normalize(plan, kept(pass), { shifts: ofShifts, out, takes });
      },
      backward(plan, pass, gradient) {
        const out = pass.share(x)?.out ?? pass.data(dropped!);
        batchNormBackward(plan, kept(pass), {
          ...{ delta: pass.delta(y), out },
          gradient: { gains: gradient.tensor(gains), shifts: gradient.tensor(shifts) },
        });
      },
      tangent(plan, pass, direction) {
        batchNormTangent(plan, kept(pass), {
          ...{ tangent: pass.tangent(x) ?? pass.data(zeros!), out: pass.tangent(y)! },
          direction: { gains: direction.tensor(gains), shifts: direction.tensor(shifts) },
        });
      },
    });
  };
}
