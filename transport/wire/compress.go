package wire

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// One encoder and one decoder serve all connections: both are stateless for
// whole blocks and safe for concurrent use.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithWindowSize(128<<10), zstd.WithEncoderCRC(false))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0),
			zstd.WithDecoderMaxMemory(MaxMessage), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// compress gives p packed, or nil when that saves less than an eighth.
func compress(p []byte) []byte {
	packed := encoder().EncodeAll(p, make([]byte, 0, len(p)/2))
	if len(packed) > len(p)-len(p)/8 {
		return nil
	}
	return packed
}

// decompress unpacks p and appends it to dst; it may be at most limit long.
func decompress(dst, p []byte, limit int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(p); err != nil {
		return nil, protocolErrorf("a compressed message is broken: %v", err)
	}
	if h.HasFCS && h.FrameContentSize > uint64(limit) {
		return nil, protocolErrorf("a message of %d bytes is over the limit of %d", h.FrameContentSize, limit)
	}
	out, err := decoder().DecodeAll(p, dst)
	if err != nil {
		return nil, protocolErrorf("a compressed message is broken: %v", err)
	}
	if len(out) > limit {
		return nil, protocolErrorf("a message of %d bytes is over the limit of %d", len(out), limit)
	}
	return out, nil
}
