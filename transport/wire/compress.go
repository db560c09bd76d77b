package wire

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// Compressed bodies are the length of what they hold (a varint) and a DEFLATE
// stream. The standard library's is slower than others, but the runner has it
// anyway, and every other would make the runner larger; where the link is fast
// nothing large is compressed (see packing).

// packer is a compressor with its output.
type packer struct {
	out bytes.Buffer
	w   *flate.Writer
}

var packers = sync.Pool{New: func() any {
	p := &packer{}
	p.w, _ = flate.NewWriter(&p.out, flate.BestSpeed) // the level is valid
	return p
}}

var unpackers = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// compress gives p packed, or nil when that saves less than an eighth.
func compress(p []byte) []byte {
	c := packers.Get().(*packer)
	defer packers.Put(c)
	c.out.Reset()
	c.out.Write(binary.AppendUvarint(nil, uint64(len(p))))
	c.w.Reset(&c.out)
	_, err := c.w.Write(p)
	if errors.Join(err, c.w.Close()) != nil || c.out.Len() > len(p)-len(p)/8 {
		return nil
	}
	return bytes.Clone(c.out.Bytes())
}

// maxRatio is the most that DEFLATE can pack.
const maxRatio = 1032

// decompress unpacks p and appends it to dst; it may be at most limit long.
func decompress(dst, p []byte, limit int) ([]byte, error) {
	size, n := binary.Uvarint(p)
	if n <= 0 || size > uint64(len(p))*maxRatio {
		return nil, protocolErrorf("a compressed message is broken")
	}
	if size > uint64(limit) {
		return nil, protocolErrorf("a message of %d bytes is over the limit of %d", size, limit)
	}
	r := unpackers.Get().(io.ReadCloser)
	defer unpackers.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(p[n:]), nil); err != nil {
		return nil, err
	}
	start := len(dst)
	if need := start + int(size); cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	dst = dst[:start+int(size)]
	if _, err := io.ReadFull(r, dst[start:]); err != nil {
		return nil, protocolErrorf("a compressed message is broken: %v", err)
	}
	return dst, nil
}
