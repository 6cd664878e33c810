// Whether the largest of a case's outputs z is that of another class than the one wanted: the number in
// the first column of the targets where LABELS is set, else the class of their largest probability. Of
// outputs alike the first one counts; an output that is no number is wrong. One unit tells two classes
// apart, by the sign of z. One invocation a case.

struct ErrorRate {
  batch: u32,      // rows that are cases
  columns: u32,    // of z, in vec4
  units: u32,      // columns that are no padding
  rows: u32,       // padded
}

@group(0) @binding(0) var<uniform> shape: ErrorRate;
@group(0) @binding(3) var<storage, read_write> wrong: array<f32>;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x;
  if row >= shape.batch { return; }
  let place = id.z * shape.rows + row;
  let start = place * shape.columns;
  var found = 0u;
  var wanted = 0u;
  var valid = true;
  if shape.units == 1 {
    let z = z_at(start).x;
    valid = all_finite(vec4f(z));
    found = select(0u, 1u, z > 0);
    wanted = select(0u, 1u, target_values_at(start).x > 0.5);
  } else {
    var most = -3.4e38;
    var most_wanted = -3.4e38;
    for (var unit = 0u; unit < shape.units; unit++) {
      let value = z_at(start + unit / 4)[unit % 4];
      valid &= all_finite(vec4f(value));
      if value > most {
        most = value;
        found = unit;
      }
      // #if ${PROBABILITIES}
      let probability = target_values_at(start + unit / 4)[unit % 4];
      if probability > most_wanted {
        most_wanted = probability;
        wanted = unit;
      }
      // #endif
    }
    // #if ${LABELS}
    wanted = u32(target_values_at(place * 2).x);
    // #endif
  }
  wrong[id.z * shape.batch + row] = select(1.0, 0.0, valid & (found == wanted));
}
