// A layer of one's own with a statistic, written with nothing but what mod.ts exports: each unit less
// its mean over the cases while training, less a running mean of these in an evaluation.

import type { Layer, Plan, Tensor } from "../../mod.ts";

const source = `
struct Shape {
  cases: u32,
  rows: u32,      // with padding
  columns: u32,   // of a row, in vec4
  offset: u32,    // of the statistic, in vec4
  replica: u32,   // from one replica's statistics to the next, in vec4
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
// #if \${READS}
@group(0) @binding(2) var<storage, read> statistics: array<vec4f>;
// #endif
// #if \${TAKES}
@group(0) @binding(2) var<storage, read_write> statistics: array<vec4f>;
// #endif
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  let start = group.z * shape.rows * shape.columns + group.x;
  let at = group.z * shape.replica + shape.offset + group.x;
  // #if \${READS}
  let mean = statistics[at];
  // #else
  var sum = vec4f();
  for (var i = 0u; i < shape.cases; i++) { sum += a[start + i * shape.columns]; }
  let mean = sum / f32(shape.cases);
  // #endif
  // #if \${TAKES}
  statistics[at] = \${KEEP} * statistics[at] + \${REST} * mean;
  // #endif
  for (var i = 0u; i < shape.cases; i++) {
    let place = start + i * shape.columns;
    out[place] = a[place] - mean;
  }
}
`;

/** out = a less its mean, which is measured, measured and taken, or the statistic. */
function less(
  plan: Plan,
  { a, out, statistic, takes = false, keep = 0 }: {
    a: Tensor;
    out: Tensor;
    statistic?: Tensor;
    takes?: boolean;
    keep?: number;
  },
): void {
  const kernel = plan.gpu.kernel("centred", [source], {
    ...{ READS: statistic !== undefined && !takes, TAKES: takes },
    ...{ KEEP: `${keep}f`, REST: `${1 - keep}f` },
  });
  plan.dispatch(kernel, {
    shape: {
      ...{ cases: a.rows, rows: a.stepStride / a.stride, columns: a.stride / 4 },
      offset: (statistic?.offset ?? 0) / 4,
      replica: (statistic?.replicaStride ?? 0) / 4,
    },
    a: a.buffer,
    ...statistic && { statistics: statistic.buffer },
    out: out.buffer,
  }, { groups: [a.stride / 4, 1, a.replicas], iterations: 2 * a.rows });
}

/** The layer; its running mean keeps a share `keep` of itself at each update. */
export function centred(keep: number): Layer {
  return (tape, x) => {
    const { columns } = x;
    const name = `running mean ${tape.operations.length}`;
    const mean = tape.statistic({ name, rows: 1, columns }, new Float32Array(columns));
    const y = tape.value(columns);
    return tape.record({
      ...{ name: "centred", reads: [x], writes: y },
      forward(plan, { data, isTraining, statistic, takesStatistics, statisticsShare }) {
        const [a, out, own] = [data(x), data(y), statistic(mean)];
        const kept = statisticsShare === undefined ? keep : 1 - statisticsShare;
        if (takesStatistics) less(plan, { a, out, statistic: own, takes: true, keep: kept });
        else less(plan, { a, out, ...!isTraining && { statistic: own } });
      },
      // Derivatives lose their mean as x does.
      backward: (plan, { delta, share }) => less(plan, { a: delta(y), out: share(x)!.out }),
      tangent: (plan, { tangent }) => less(plan, { a: tangent(x)!, out: tangent(y)! }),
    });
  };
}
