// The footer and the page headers of Parquet are structs in Thrift's compact protocol. hyparquet makes lists of whatever
// length these claim, and reads numbers of whatever length: here both are compared with the bytes there are, before it reads.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** Structs and lists within another; a footer has eight. */
const DEEPEST = 24;
/** Values of one struct and all within it. A footer has some thirty for each column of each row group. */
const MOST_VALUES = 2 ** 23;

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** Where the struct that begins at `from` ends. Throws where it is none, or does not end with the view. */
export function endOfStruct(view: DataView, from: number): number {
  return new Walk(view, from).struct(0);
}

class Walk {
  private left = MOST_VALUES;

  constructor(
    private readonly view: DataView,
    private at: number,
  ) {}

  struct(depth: number): number {
    if (depth > DEEPEST) throw new Error(`it nests deeper than ${DEEPEST} levels`);
    for (;;) {
      const header = this.byte();
      const type = header & 0x0f;
      if (type === STOP) return this.at;
      if (header >> 4 === 0) this.varint(3);
      this.value(type, depth, false);
    }
  }

  /** Truth is told by the type of a field, and by a byte in a list. */
  private value(type: number, depth: number, inList: boolean): void {
    this.left -= 1;
    if (this.left < 0) throw new Error(`it holds more than ${MOST_VALUES} values`);
    switch (type) {
      case TRUE:
      case FALSE:
        if (inList) this.skip(1);
        break;
      case BYTE:
        this.skip(1);
        break;
      case I16:
      case I32:
        this.varint(5);
        break;
      case I64:
        this.varint(10);
        break;
      case DOUBLE:
        this.skip(8);
        break;
      case BINARY:
        this.skip(this.length());
        break;
      case LIST:
        this.list(depth + 1);
        break;
      case STRUCT:
        this.struct(depth + 1);
        break;
      default:
        throw new Error(`it has a value of type ${type} at byte ${this.at}`);
    }
  }

  private list(depth: number): void {
    if (depth > DEEPEST) throw new Error(`it nests deeper than ${DEEPEST} levels`);
    const header = this.byte();
    const size = header >> 4 === 15 ? this.length() : header >> 4;
    // Each element takes a byte or more.
    if (size > this.view.byteLength - this.at) throw new Error(`it claims a list of ${size} at byte ${this.at}`);
    for (let i = 0; i < size; i++) this.value(header & 0x0f, depth, true);
  }

  private length(): number {
    const length = this.varint(5);
    if (length >= 2 ** 31) throw new Error(`it claims a length of ${length} at byte ${this.at}`);
    return length;
  }

  private varint(most: number): number {
    for (let [value, i] = [0, 0]; i < most; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new Error(`it has a number of more than ${most} bytes at byte ${this.at}`);
  }

  private byte(): number {
    this.skip(1);
    return this.view.getUint8(this.at - 1);
  }

  private skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.view.byteLength) throw new Error('it does not end');
  }
}
