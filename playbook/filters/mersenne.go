package filters

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"drover/playbook/value"
)

// source32 gives random bits: a seeded generator, or the system's.
type source32 interface{ uint32() uint32 }

// systemRandom is the source of unseeded choices.
type systemRandom struct{}

func (systemRandom) uint32() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint32(b[:])
}

// mersenne is the Mersenne Twister MT19937 as Python's Random runs it.
type mersenne struct {
	state [624]uint32
	pos   int
}

func newMersenne(key []uint32) *mersenne {
	m := &mersenne{}
	m.init(19650218)
	i, j := 1, 0
	for range max(len(m.state), len(key)) {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1664525) + key[j] + uint32(j)
		i, j = i+1, j+1
		if i >= len(m.state) {
			m.state[0], i = m.state[len(m.state)-1], 1
		}
		if j >= len(key) {
			j = 0
		}
	}
	for range len(m.state) - 1 {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1566083941) - uint32(i)
		if i++; i >= len(m.state) {
			m.state[0], i = m.state[len(m.state)-1], 1
		}
	}
	m.state[0] = 1 << 31
	return m
}

func (m *mersenne) init(seed uint32) {
	m.state[0] = seed
	for i := 1; i < len(m.state); i++ {
		prev := m.state[i-1]
		m.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	m.pos = len(m.state)
}

func (m *mersenne) uint32() uint32 {
	if m.pos == len(m.state) {
		m.refill()
	}
	y := m.state[m.pos]
	m.pos++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (m *mersenne) refill() {
	n := len(m.state)
	for i := range n {
		y := m.state[i]&(1<<31) | m.state[(i+1)%n]&(1<<31-1)
		v := m.state[(i+397)%n] ^ y>>1
		if y&1 != 0 {
			v ^= 0x9908b0df
		}
		m.state[i] = v
	}
	m.pos = 0
}

// seeded gives the generator that Python's Random(seed) would be.
func seeded(seed value.Value) (source32, error) {
	var n *big.Int
	switch s := seed.(type) {
	case value.Str, value.Secret, value.Bytes:
		text := value.String(s)
		if b, ok := s.(value.Bytes); ok {
			text = string(b)
		}
		sum := sha512.Sum512([]byte(text))
		n = new(big.Int).SetBytes(append([]byte(text), sum[:]...))
	case value.Float:
		n = new(big.Int).SetUint64(floatHash(float64(s)))
	default:
		i, ok := value.AsBig(seed)
		if !ok {
			return nil, fmt.Errorf("The only supported seed types are: None, int, float, str, bytes, and bytearray, not '%s'", seed.Type())
		}
		n = new(big.Int).Abs(i)
	}
	key := []uint32{}
	mask := big.NewInt(0xffffffff)
	for n.Sign() > 0 {
		key = append(key, uint32(new(big.Int).And(n, mask).Uint64()))
		n = new(big.Int).Rsh(n, 32)
	}
	if len(key) == 0 {
		key = []uint32{0}
	}
	return newMersenne(key), nil
}

// floatHash is Python's hash of a float: its value modulo 2^61-1.
func floatHash(f float64) uint64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 314159
	}
	mantissa, exp := math.Frexp(math.Abs(f))
	m := uint64(mantissa * (1 << 53))
	shift := ((exp-53)%61 + 61) % 61
	hi, lo := bits.Mul64(m, 1<<shift)
	h := (lo&(1<<61-1) + (lo>>61 | hi<<3)) % (1<<61 - 1)
	if f < 0 {
		h = -h
		if h == math.MaxUint64 {
			h--
		}
	}
	return h
}

// getRandBits is Random.getrandbits(k).
func getRandBits(r source32, k int) *big.Int {
	out := new(big.Int)
	for shift := 0; k > 0; shift, k = shift+32, k-32 {
		w := r.uint32()
		if k < 32 {
			w >>= 32 - k
		}
		out.Or(out, new(big.Int).Lsh(new(big.Int).SetUint64(uint64(w)), uint(shift)))
	}
	return out
}

// below gives a number from 0 to n-1, as Random._randbelow does.
func below(r source32, n int) int {
	k := bits.Len(uint(n))
	for {
		if v := getRandBits(r, k); v.Cmp(big.NewInt(int64(n))) < 0 {
			return int(v.Int64())
		}
	}
}

func belowBig(r source32, n *big.Int) *big.Int {
	for {
		if v := getRandBits(r, n.BitLen()); v.Cmp(n) < 0 {
			return v
		}
	}
}
