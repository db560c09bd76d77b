package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"

	"drover/playbook/value"
)

// The tags of encoded values. Numbers are varints, texts and containers have
// their length before them.
const (
	tagNone byte = iota
	tagFalse
	tagTrue
	tagInt
	tagBigPos
	tagBigNeg
	tagFloat
	tagStr
	tagBytes
	tagSecret
	tagList
	tagTuple
	tagDict
	tagOmit
)

// maxDepth bounds how deep values nest.
const maxDepth = 200

// AppendValue encodes v at the end of b. Lazy views are encoded as what they
// show. A template or an undefined value is an error: the wire carries data.
func AppendValue(b []byte, v value.Value) ([]byte, error) { return appendValue(b, v, 0) }

func appendValue(b []byte, v value.Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("a value is nested more than %d levels deep", maxDepth)
	}
	switch v := v.(type) {
	case value.Str:
		return appendString(append(b, tagStr), string(v)), nil
	case value.Int:
		return binary.AppendVarint(append(b, tagInt), int64(v)), nil
	case value.Bool:
		if v {
			return append(b, tagTrue), nil
		}
		return append(b, tagFalse), nil
	case *value.Dict:
		return appendDict(b, v, depth)
	case *value.List:
		return appendElems(append(b, tagList), v.Elems, depth)
	case value.Tuple:
		return appendElems(append(b, tagTuple), v, depth)
	case value.Float:
		return binary.BigEndian.AppendUint64(append(b, tagFloat), math.Float64bits(float64(v))), nil
	case value.Secret:
		return appendString(append(b, tagSecret), string(v)), nil
	case value.Bytes:
		return appendString(append(b, tagBytes), string(v)), nil
	case *value.BigInt:
		return appendBig(b, v.N), nil
	case *value.Undefined:
		return nil, fmt.Errorf("%s", undefinedText(v))
	case *value.Template:
		return nil, fmt.Errorf("the template %q was not evaluated", v.Src)
	}
	return appendOther(b, v, depth)
}

// appendOther encodes what is known only by its capabilities.
func appendOther(b []byte, v value.Value, depth int) ([]byte, error) {
	switch v {
	case nil, value.None:
		return append(b, tagNone), nil
	case value.Omit:
		return append(b, tagOmit), nil
	}
	switch v := v.(type) {
	case value.Mapping:
		return appendMapping(b, v, depth)
	case value.Sequence:
		elems := make([]value.Value, v.Len())
		for i := range elems {
			elems[i] = v.Index(i)
		}
		return appendElems(append(b, tagList), elems, depth)
	case value.Iterable:
		var elems []value.Value
		err := v.Iterate(func(e value.Value) bool {
			elems = append(elems, e)
			return true
		})
		if err != nil {
			return nil, err
		}
		return appendElems(append(b, tagList), elems, depth)
	}
	return appendString(append(b, tagStr), value.String(v)), nil
}

func undefinedText(u *value.Undefined) string {
	switch {
	case u.Err != nil:
		return u.Err.Error()
	case u.Msg != "":
		return u.Msg
	}
	return fmt.Sprintf("'%s' is undefined", u.Name)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBig(b []byte, n *big.Int) []byte {
	tag := tagBigPos
	if n.Sign() < 0 {
		tag = tagBigNeg
	}
	return appendString(append(b, tag), string(n.Bytes()))
}

func appendElems(b []byte, elems []value.Value, depth int) ([]byte, error) {
	b = binary.AppendUvarint(b, uint64(len(elems)))
	var err error
	for _, e := range elems {
		if b, err = appendValue(b, e, depth+1); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendDict(b []byte, d *value.Dict, depth int) ([]byte, error) {
	b = binary.AppendUvarint(append(b, tagDict), uint64(d.Len()))
	return appendPairs(b, d.Entries(), depth)
}

func appendPairs(b []byte, entries []value.Entry, depth int) ([]byte, error) {
	var err error
	for _, e := range entries {
		if b, err = appendValue(b, e.Key, depth+1); err != nil {
			return nil, err
		}
		if b, err = appendValue(b, e.Val, depth+1); err != nil {
			return nil, fmt.Errorf("%s: %w", value.String(e.Key), err)
		}
	}
	return b, nil
}

func appendMapping(b []byte, m value.Mapping, depth int) ([]byte, error) {
	keys := m.Keys()
	entries := make([]value.Entry, 0, len(keys))
	for _, k := range keys {
		v, ok, err := m.Get(k)
		if err != nil {
			return nil, err
		}
		if ok {
			entries = append(entries, value.Entry{Key: k, Val: v})
		}
	}
	b = binary.AppendUvarint(append(b, tagDict), uint64(len(entries)))
	return appendPairs(b, entries, depth)
}

// DecodeValue gives the value that b encodes and what follows it in b.
func DecodeValue(b []byte) (value.Value, []byte, error) {
	d := decoding{b: b}
	v := d.value(0)
	return v, d.b, d.err
}

// decoding reads from b until the first error, which sticks.
type decoding struct {
	b   []byte
	err error
}

func (d *decoding) fail(format string, a ...any) {
	if d.err == nil {
		d.err = protocolErrorf(format, a...)
	}
	d.b = nil
}

func (d *decoding) byte() byte {
	if len(d.b) == 0 {
		d.fail("a message is too short")
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoding) uvarint() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail("a message has a broken number")
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoding) varint() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail("a message has a broken number")
		return 0
	}
	d.b = d.b[size:]
	return n
}

// count reads a number of things that take at least one byte each.
func (d *decoding) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail("a message has %d bytes left, not %d", len(d.b), n)
		return 0
	}
	return int(n)
}

func (d *decoding) bytes() []byte {
	n := d.count()
	p := d.b[:n:n]
	d.b = d.b[n:]
	return p
}

func (d *decoding) string() string { return string(d.bytes()) }

func (d *decoding) bool() bool { return d.byte() != 0 }

func (d *decoding) value(depth int) value.Value {
	if depth > maxDepth {
		d.fail("a value is nested more than %d levels deep", maxDepth)
		return value.None
	}
	switch tag := d.byte(); tag {
	case tagNone:
		return value.None
	case tagFalse, tagTrue:
		return value.Bool(tag == tagTrue)
	case tagInt:
		return value.Int(d.varint())
	case tagBigPos, tagBigNeg:
		return d.big(tag == tagBigNeg)
	case tagFloat:
		return d.float()
	case tagStr:
		return value.Str(d.string())
	case tagBytes:
		return value.Bytes(d.string())
	case tagSecret:
		return value.Secret(d.string())
	case tagList:
		return value.NewList(d.elems(depth)...)
	case tagTuple:
		return value.Tuple(d.elems(depth))
	case tagDict:
		return d.dict(depth)
	case tagOmit:
		return value.Omit
	default:
		d.fail("a value of the unknown kind %d", tag)
		return value.None
	}
}

func (d *decoding) big(negative bool) value.Value {
	n := new(big.Int).SetBytes(d.bytes())
	if negative {
		n.Neg(n)
	}
	return value.NewInt(n)
}

func (d *decoding) float() value.Value {
	if len(d.b) < 8 {
		d.fail("a message is too short")
		return value.None
	}
	bits := binary.BigEndian.Uint64(d.b)
	d.b = d.b[8:]
	return value.Float(math.Float64frombits(bits))
}

func (d *decoding) elems(depth int) []value.Value {
	n := d.count()
	elems := make([]value.Value, 0, min(n, 1024))
	for i := 0; i < n && d.err == nil; i++ {
		elems = append(elems, d.value(depth+1))
	}
	return elems
}

func (d *decoding) dict(depth int) *value.Dict {
	n := d.count()
	dict := value.NewDict(min(n, 1024))
	for i := 0; i < n && d.err == nil; i++ {
		k := d.value(depth + 1)
		if v := d.value(depth + 1); d.err == nil {
			dict.Set(k, v)
		}
	}
	return dict
}
