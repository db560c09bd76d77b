package checksum

import (
	"encoding/hex"
	"testing"
)

func TestNew(t *testing.T) {
	tests := map[string]string{ // of "abc", by Python's hashlib
		"md5":        "900150983cd24fb0d6963f7d28e17f72",
		"sha1":       "a9993e364706816aba3e25717850c26c9cd0d89d",
		"sha224":     "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
		"sha512_224": "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
		"sha3_224":   "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
	}
	for name, want := range tests {
		h := New(name)
		h.Write([]byte("abc"))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if New("sha0") != nil {
		t.Error("a hash that does not exist was found")
	}
}
