package filters

import (
	"errors"
	"math/big"
	"slices"

	"drover/playbook/value"
)

// randomFilters choose at random; with a seed they choose what Python chooses.
var randomFilters = []entry{
	{"random", "value start? step? seed?", randomFilter, impure},
	{"shuffle", "value seed?", shuffleFilter, impure},
	{"community.general.random_mac", "value seed?", randomMAC, impure},
}

// random gives the source that the seed argument asks for.
func (a *args) random() (source32, error) {
	if !a.has("seed") {
		return systemRandom{}, nil
	}
	return seeded(a.val("seed"))
}

func randomFilter(a *args) (value.Value, error) {
	r, err := a.random()
	if err != nil {
		return nil, err
	}
	if end, ok := value.AsBig(a.val("value")); ok {
		return randomInRange(a, r, end)
	}
	if a.truth("start") || a.truth("step") {
		return nil, errors.New("start and step can only be used with integer values")
	}
	if m, ok := a.val("value").(value.Mapping); ok {
		return randomValue(m, r)
	}
	elems := a.list("value")
	if _, undefined := a.val("value").(*value.Undefined); a.err != nil && !undefined {
		a.err = errors.New("random can only be used on sequences and integers")
	}
	if a.err != nil {
		return nil, a.err
	}
	if len(elems) == 0 {
		return nil, errors.New("Cannot choose from an empty sequence")
	}
	return elems[below(r, len(elems))], nil
}

// randomValue is what Python's choice makes of a dict: it takes a number up to
// its length for a key.
func randomValue(m value.Mapping, r source32) (value.Value, error) {
	if m.Len() == 0 {
		return nil, errors.New("Cannot choose from an empty sequence")
	}
	i := value.Int(below(r, m.Len()))
	v, ok, err := m.Get(i)
	if err == nil && !ok {
		return nil, errors.New(value.Repr(i) + " is not a key of the dict; choose from its keys or values: | list | random")
	}
	return v, err
}

// randomInRange is Random.randrange(start, end, step).
func randomInRange(a *args, r source32, end *big.Int) (value.Value, error) {
	start, step := new(big.Int), big.NewInt(1)
	for name, into := range map[string]**big.Int{"start": &start, "step": &step} {
		if a.truth(name) {
			n, ok := value.AsBig(a.val(name))
			if !ok {
				return nil, errors.New("non-integer argument '" + name + "'")
			}
			*into = n
		}
	}
	width := new(big.Int).Sub(end, start)
	n := new(big.Int).Add(width, step)
	if step.Sign() > 0 {
		n.Sub(n, big.NewInt(1))
	} else {
		n.Add(n, big.NewInt(1))
	}
	n.Quo(n, step)
	if n.Sign() <= 0 || width.Sign()*step.Sign() <= 0 {
		return nil, errors.New("empty range for randrange()")
	}
	pick := belowBig(r, n)
	return value.NewInt(pick.Add(start, pick.Mul(pick, step))), nil
}

// shuffleFilter leaves what is no list as it is.
func shuffleFilter(a *args) (value.Value, error) {
	elems, err := a.call.Ctx.ToList(a.val("value"))
	if err != nil {
		return a.val("value"), nil
	}
	elems = slices.Clone(elems)
	var r source32 = systemRandom{}
	if a.truth("seed") {
		if r, err = seeded(a.val("seed")); err != nil {
			return nil, err
		}
	}
	shuffle(r, elems)
	return value.NewList(elems...), nil
}

func shuffle(r source32, elems []value.Value) {
	for i := len(elems) - 1; i > 0; i-- {
		j := below(r, i+1)
		elems[i], elems[j] = elems[j], elems[i]
	}
}
