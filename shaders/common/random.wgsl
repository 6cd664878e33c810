// The twin of core/random.ts: the same integers, bit for bit. Functions only; to be put in front
// of a shader.

// The 64-bit product of two integers as (low, high), from products of 16-bit halves.
fn multiply_wide(a: u32, b: u32) -> vec2u {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low = a_low * b_low;
  let first = a_high * b_low + (low >> 16u);
  let second = a_low * b_high + (first & 0xffffu); // each sum is below 2^32
  return vec2u(a * b, a_high * b_high + (first >> 16u) + (second >> 16u));
}

fn philox_round(counter: vec4u, key: vec2u) -> vec4u {
  let product0 = multiply_wide(0xd2511f53u, counter.x);
  let product1 = multiply_wide(0xcd9e8d57u, counter.z);
  return vec4u(
    product1.y ^ counter.y ^ key.x,
    product1.x,
    product0.y ^ counter.w ^ key.y,
    product0.x,
  );
}

// Philox4x32-10 (Salmon et al. 2011).
fn philox4x32(counter: vec4u, key: vec2u) -> vec4u {
  const key_step = vec2u(0x9e3779b9u, 0xbb67ae85u);
  var words = counter;
  for (var round = 0u; round < 10u; round++) {
    words = philox_round(words, key + round * key_step);
  }
  return words;
}

// The finalizer of MurmurHash3.
fn scramble(input: u32) -> u32 {
  var word = (input ^ (input >> 16u)) * 0x85ebca6bu;
  word = (word ^ (word >> 13u)) * 0xc2b2ae35u;
  return word ^ (word >> 16u);
}

// Two rounds of the network on (row, column).
fn feistel_rounds(place: vec2u, rows: u32, mask: u32, keys: vec2u) -> vec2u {
  // Twenty random bits times at most 2^12 rows stay within 32 bits.
  let sum = place.x + (((scramble(place.y ^ keys.x) >> 12u) * rows) >> 20u);
  let row = select(sum, sum - rows, sum >= rows);
  return vec2u(row, (place.y + scramble(row ^ keys.y)) & mask);
}

// Where a position of 0..length-1 goes in the permutation fixed by (key, purpose, epoch).
// For a length of at most 2^24, and 2^h <= sqrt(2 length) columns, the two loops together end
// within 8 * 2^h <= 32,768 iterations: 2048 for 103,500 cases.
fn permute(position: u32, length: u32, key: vec2u, purpose: u32, epoch: u32) -> u32 {
  let keys = philox4x32(vec4u(0u, epoch, 0xffffffffu, purpose), key);
  let column_bits = (32u - countLeadingZeros(length - 1u)) >> 1u;
  let rows = ((length - 1u) >> column_bits) + 1u;
  let mask = (1u << column_bits) - 1u;
  var index = position;
  loop {
    var place = vec2u(index >> column_bits, index & mask);
    for (var pass_index = 0u; pass_index < 6u; pass_index++) {
      let pass_keys = keys + pass_index * 0x9e3779b9u;
      place = feistel_rounds(place, rows, mask, pass_keys.xy);
      place = feistel_rounds(place, rows, mask, pass_keys.zw);
    }
    index = (place.x << column_bits) + place.y;
    if (index < length) {
      break;
    }
  }
  return index;
}
