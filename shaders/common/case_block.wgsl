// The number of the generator's block for four units of cases: a function of the case's place in its
// epoch, its step and the quad of columns, wherever its row lies in a minibatch. The twin is caseBlock()
// of core/reference/layers.ts.

struct CaseRows {
  count: u32,  // rows of a step that are no padding
  rows: u32,   // of a step
  steps: u32,
  quads: u32,  // of a row
}

fn case_block(cases: CaseRows, row: u32, quad: u32) -> u32 {
  let number = nagare_step.position + row % cases.rows;
  return (number * cases.steps + row / cases.rows) * cases.quads + quad;
}

fn is_case(cases: CaseRows, row: u32) -> bool {
  return row % cases.rows < cases.count;
}
