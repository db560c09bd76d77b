package filters

import (
	"errors"
	"fmt"

	"drover/playbook/value"
)

// productFilters combine lists with each other.
var productFilters = []entry{
	{"zip", "*lists strict?", zip, 0},
	{"zip_longest", "*lists **options", zipLongest, 0},
	{"product", "*lists **options", product, 0},
	{"permutations", "value r?", permutations, 0},
	{"combinations", "value r", combinations, 0},
}

// maxCombined bounds what product, permutations and combinations may give.
const maxCombined = 10_000_000

var errTooMany = fmt.Errorf("the result would have more than %d elements", maxCombined)

func (a *args) restLists() [][]value.Value {
	lists := make([][]value.Value, len(a.rest))
	for i, v := range a.rest {
		lists[i] = a.iterate(v)
	}
	return lists
}

func zip(a *args) (value.Value, error) {
	lists := a.restLists()
	if a.err != nil {
		return nil, a.err
	}
	n := len(lists[0])
	for i, l := range lists {
		if a.truth("strict") && len(l) != n {
			relation := "shorter"
			if len(l) > n {
				relation = "longer"
			}
			return nil, fmt.Errorf("zip() argument %d is %s than argument 1", i+1, relation)
		}
	}
	for _, l := range lists {
		n = min(n, len(l))
	}
	return zipRows(lists, n, value.None), nil
}

func zipLongest(a *args) (value.Value, error) {
	fill := value.None
	for _, kw := range a.extra {
		if kw.Name != "fillvalue" {
			return nil, fmt.Errorf("zip_longest() got an unexpected keyword argument '%s'", kw.Name)
		}
		fill = kw.Val
	}
	lists, n := a.restLists(), 0
	for _, l := range lists {
		n = max(n, len(l))
	}
	return zipRows(lists, n, fill), nil
}

func zipRows(lists [][]value.Value, n int, fill value.Value) value.Value {
	out := &value.List{Elems: make([]value.Value, n)}
	for i := range n {
		row := make(value.Tuple, len(lists))
		for j, l := range lists {
			row[j] = fill
			if i < len(l) {
				row[j] = l[i]
			}
		}
		out.Elems[i] = row
	}
	return out
}

func product(a *args) (value.Value, error) {
	lists := a.restLists()
	for _, kw := range a.extra {
		n, ok := value.AsInt(kw.Val)
		if kw.Name != "repeat" || !ok || n < 0 || n > 64 {
			return nil, fmt.Errorf("product() takes only the keyword argument 'repeat', a small number")
		}
		once := lists
		lists = nil
		for range n {
			lists = append(lists, once...)
		}
	}
	rows, err := cartesian(lists)
	if err != nil {
		return nil, err
	}
	out := &value.List{Elems: make([]value.Value, len(rows))}
	for i, r := range rows {
		out.Elems[i] = value.Tuple(r)
	}
	return out, nil
}

// cartesian gives every row that takes one element of each list, the last list
// turning fastest.
func cartesian(lists [][]value.Value) ([][]value.Value, error) {
	rows := [][]value.Value{{}}
	for _, l := range lists {
		if len(rows)*len(l) > maxCombined {
			return nil, errTooMany
		}
		next := make([][]value.Value, 0, len(rows)*len(l))
		for _, row := range rows {
			for _, v := range l {
				next = append(next, append(row[:len(row):len(row)], v))
			}
		}
		rows = next
	}
	return rows, nil
}

func permutations(a *args) (value.Value, error) {
	elems := a.list("value")
	return choose(elems, a.numOr("r", len(elems)), false)
}

func combinations(a *args) (value.Value, error) {
	return choose(a.list("value"), a.num("r"), true)
}

// choose gives all ways to take r of elems: in their order only, or in every
// order.
func choose(elems []value.Value, r int, ordered bool) (value.Value, error) {
	if r < 0 {
		return nil, errors.New("r must be non-negative")
	}
	out := &value.List{Elems: []value.Value{}}
	used := make([]bool, len(elems))
	row := make(value.Tuple, 0, max(r, 0))
	var walk func(from int) error
	walk = func(from int) error {
		if len(row) == r {
			if len(out.Elems) >= maxCombined {
				return errTooMany
			}
			out.Append(append(value.Tuple{}, row...))
			return nil
		}
		for i := from; i < len(elems); i++ {
			if used[i] {
				continue
			}
			next := 0
			if ordered {
				next = i + 1
			}
			used[i], row = true, append(row, elems[i])
			err := walk(next)
			used[i], row = false, row[:len(row)-1]
			if err != nil {
				return err
			}
		}
		return nil
	}
	if r > len(elems) {
		return out, nil
	}
	return out, walk(0)
}
