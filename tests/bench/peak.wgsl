// Multiply-adds on values in registers alone: what the adapter's arithmetic can do at most.

@group(0) @binding(0) var<storage, read_write> out: array<${TYPE}>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = out[id.x];
  // #for i in CHAINS
  var sum_${i} = x + ${TYPE}(${i});
  // #end
  for (var k = 0u; k < ${LOOPS}; k++) {
    // #for j in UNROLLED
    // #for i in CHAINS
    sum_${i} = fma(sum_${i}, x, x);
    // #end
    // #end
  }
  var total = ${TYPE}();
  // #for i in CHAINS
  total += sum_${i};
  // #end
  out[id.x] = total;
}
