// Windows of ${HEIGHT} x ${WIDTH} that slide over the images of cases, ${DOWN} rows and ${ACROSS}
// columns at a time, from ${ABOVE} rows above and ${LEFT} columns left of them on. An image lies
// channel by channel, line by line, in the row of its case.

struct Windows {
  channels: u32,
  height: u32,    // of an image
  width: u32,
  rows: u32,      // of windows, one below the other
  columns: u32,   // of windows, side by side
  cases: u32,     // of a replica
  images: u32,    // floats from a case to the next, of images
  made: u32,      // of what lies by windows
  matrix_rows: u32,     // where that is a matrix for each case: its rows, with padding,
  matrix_stride: u32,   // and floats from a row to the next
}

// How many channels an invocation goes through. A bound that is a uniform alone has lavapipe compile
// the kernel anew for every dispatch.
fn channels_where(serves: bool) -> u32 { return select(0u, shape.channels, serves); }

// Where a coordinate of a window's corner plus `place` lies in the image; beyond it where it is in the
// padding, before its begin too, since it wraps.
fn line_of(row: u32, place: u32) -> u32 { return row * ${DOWN} + place - ${ABOVE}; }
fn pixel_of(column: u32, place: u32) -> u32 { return column * ${ACROSS} + place - ${LEFT}; }

// The windows that meet a line: of rows row_of(y, 0), row_of(y, 1) ... the line is number
// y + ABOVE - DOWN row. There are ${MEET_DOWN} at most. Likewise across.
fn row_of(y: u32, i: u32) -> u32 { return (y + ${ABOVE}) / ${DOWN} - i; }
fn column_of(x: u32, i: u32) -> u32 { return (x + ${LEFT}) / ${ACROSS} - i; }

// Whether there is such a window, and the line or column is within it.
fn meets_row(row: u32, place: u32) -> bool { return (row < shape.rows) & (place < ${HEIGHT}); }
fn meets_column(column: u32, place: u32) -> bool { return (column < shape.columns) & (place < ${WIDTH}); }
