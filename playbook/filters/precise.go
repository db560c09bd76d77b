package filters

import (
	"math"
	"math/big"
)

// precision is that of intermediate results: enough that the final rounding to
// a float gives what a good C library gives.
const precision = 200

func exact(f float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(f) }

func newFloat() *big.Float { return new(big.Float).SetPrec(precision) }

// preciseLog gives the natural logarithm of a positive finite number.
func preciseLog(x float64) *big.Float {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = m*2, e-1
	}
	ln := series(exact(m))
	if e != 0 {
		ln2 := series(exact(2))
		ln.Add(ln, ln2.Mul(ln2, exact(float64(e))))
	}
	return ln
}

// series is 2·atanh((m-1)/(m+1)), the logarithm of m, for m near one.
func series(m *big.Float) *big.Float {
	one := exact(1)
	t := newFloat().Quo(newFloat().Sub(m, one), newFloat().Add(m, one))
	square := newFloat().Mul(t, t)
	sum, power := newFloat(), newFloat().Set(t)
	for k := 1; k < 400 && power.Sign() != 0; k += 2 {
		term := newFloat().Quo(power, exact(float64(k)))
		if sum.Sign() != 0 && term.MantExp(nil) < sum.MantExp(nil)-precision {
			break
		}
		sum.Add(sum, term)
		power.Mul(power, square)
	}
	return sum.Mul(sum, exact(2))
}

// preciseExp gives e to the power of x.
func preciseExp(x *big.Float) float64 {
	ln2 := series(exact(2))
	q, _ := newFloat().Quo(x, ln2).Float64()
	k := math.Round(q)
	r := newFloat().Sub(x, newFloat().Mul(ln2, exact(k)))
	sum, term := exact(1), exact(1)
	for i := 1; i < 200; i++ {
		term.Quo(term.Mul(term, r), exact(float64(i)))
		if term.Sign() == 0 || term.MantExp(nil) < -precision {
			break
		}
		sum.Add(sum, term)
	}
	f, _ := sum.SetMantExp(sum, int(k)).Float64()
	return f
}

// log is the natural logarithm.
func log(x float64) float64 {
	if math.IsInf(x, 1) || math.IsNaN(x) || x <= 0 {
		return math.Log(x)
	}
	f, _ := preciseLog(x).Float64()
	return f
}

// log10 is the logarithm to base ten; Go's own is off by a bit now and then.
func log10(x float64) float64 {
	if math.IsInf(x, 1) || math.IsNaN(x) || x <= 0 {
		return math.Log10(x)
	}
	f, _ := newFloat().Quo(preciseLog(x), preciseLog(10)).Float64()
	return f
}

// pow is x to the power of y, rounded correctly where Go's own is off by a bit.
func pow(x, y float64) float64 {
	f := math.Pow(x, y)
	if x <= 0 || f == 0 || math.IsNaN(f) || math.IsInf(f, 0) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return f
	}
	return preciseExp(newFloat().Mul(preciseLog(x), exact(y)))
}
