package filters

import (
	"errors"
	"fmt"
	"strings"

	"drover/playbook/filters/pyre"
	"drover/playbook/value"
)

// keyFilters pick, drop and rename keys; the collections' filters of the same
// name differ: that of community.general looks at one list of dicts, that of
// ansible.utils at everything below.
var keyFilters = []entry{
	{"community.general.keep_keys", "data target? matching_parameter?", flatKeys(keepMatching), 0},
	{"community.general.remove_keys", "data target? matching_parameter?", flatKeys(dropMatching), 0},
	{"community.general.replace_keys", "data target? matching_parameter?", flatReplaceKeys, 0},
	{"ansible.utils.keep_keys", "data target matching_parameter?", deepKeepKeys, 0},
	{"ansible.utils.remove_keys", "data target matching_parameter?", deepRemoveKeys, 0},
	{"ansible.utils.replace_keys", "data target matching_parameter?", deepReplaceKeys, 0},
}

// keyMatcher says whether a key is one of the wanted.
type keyMatcher func(key value.Value) (bool, error)

// matcher makes a matcher of one pattern.
func matcher(kind, pattern string) (keyMatcher, error) {
	plain := func(match func(key string) bool) keyMatcher {
		return func(key value.Value) (bool, error) {
			s, ok := value.AsString(key)
			return ok && match(s), nil
		}
	}
	switch kind {
	case "equal", "equality":
		return plain(func(key string) bool { return key == pattern }), nil
	case "starts_with":
		return plain(func(key string) bool { return strings.HasPrefix(key, pattern) }), nil
	case "ends_with":
		return plain(func(key string) bool { return strings.HasSuffix(key, pattern) }), nil
	case "regex":
		re, err := pyre.Compile(pattern, 0)
		return func(key value.Value) (bool, error) {
			m, err := re.MatchPrefix(value.String(key))
			return m != nil, err
		}, err
	}
	return nil, fmt.Errorf("matching_parameter must be one of equal, starts_with, ends_with and regex, not '%s'", kind)
}

// targets makes one matcher of the target argument: a text or a list.
func (a *args) targets() (keyMatcher, error) {
	kind := a.strOr("matching_parameter", "equal")
	list, ok := asSequence(a.val("target"))
	if !ok {
		list = []value.Value{a.val("target")}
	}
	var all []keyMatcher
	for _, t := range list {
		s, ok := value.AsString(t)
		if !ok {
			return nil, fmt.Errorf("The target items must be strings, not '%s'", t.Type())
		}
		m, err := matcher(kind, s)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return func(key value.Value) (bool, error) {
		for _, m := range all {
			if ok, err := m(key); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}, nil
}

func keepMatching(matched bool) bool { return matched }
func dropMatching(matched bool) bool { return !matched }

// dicts gives the elements of a list that must be dicts.
func (a *args) dicts() ([]*value.Dict, error) {
	elems, ok := asSequence(a.val("data"))
	if !ok {
		return nil, fmt.Errorf("The first argument must be a list of dictionaries, not '%s'", a.val("data").Type())
	}
	out := make([]*value.Dict, len(elems))
	for i, e := range elems {
		if out[i], ok = asDict(e); !ok {
			return nil, fmt.Errorf("The elements of the list must be dictionaries, not '%s'", e.Type())
		}
	}
	return out, nil
}

func flatKeys(keep func(matched bool) bool) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		dicts, err := a.dicts()
		if err != nil {
			return nil, err
		}
		wanted, err := a.targets()
		if err != nil {
			return nil, err
		}
		out := value.NewList()
		for _, d := range dicts {
			kept := value.NewDict(d.Len())
			for _, e := range d.Entries() {
				ok, err := wanted(e.Key)
				if err != nil {
					return nil, err
				}
				if keep(ok) {
					kept.Set(e.Key, e.Val)
				}
			}
			out.Append(kept)
		}
		return out, nil
	}
}

// renaming is one element of the target of replace_keys.
type renaming struct {
	matches keyMatcher
	after   value.Value
}

func (a *args) renamings() ([]renaming, error) {
	list, ok := asSequence(a.val("target"))
	if !ok {
		list = []value.Value{a.val("target")}
	}
	var out []renaming
	for _, t := range list {
		d, ok := asDict(t)
		before, hasBefore := d.Lookup("before")
		after, hasAfter := d.Lookup("after")
		if !ok || !hasBefore || !hasAfter {
			return nil, errors.New("The target items must be dictionaries with the keys 'before' and 'after'")
		}
		m, err := matcher(a.strOr("matching_parameter", "equal"), value.String(before))
		if err != nil {
			return nil, err
		}
		out = append(out, renaming{m, after})
	}
	return out, nil
}

// renamed gives d with its keys renamed, each in its place.
func renamed(d *value.Dict, rules []renaming) (*value.Dict, error) {
	out := value.NewDict(d.Len())
	for _, e := range d.Entries() {
		key := e.Key
		for _, r := range rules {
			ok, err := r.matches(e.Key)
			if err != nil {
				return nil, err
			}
			if ok {
				key = r.after
				break
			}
		}
		out.Set(key, e.Val)
	}
	return out, nil
}

func flatReplaceKeys(a *args) (value.Value, error) {
	dicts, err := a.dicts()
	if err != nil {
		return nil, err
	}
	rules, err := a.renamings()
	if err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, d := range dicts {
		r, err := renamed(d, rules)
		if err != nil {
			return nil, err
		}
		out.Append(r)
	}
	return out, nil
}

// container gives the data argument, which must be a list or a dict.
func (a *args) container(what string) (value.Value, error) {
	v := a.val("data")
	_, isDict := v.(*value.Dict)
	if _, isList := v.(*value.List); !isDict && !isList {
		return nil, fmt.Errorf("Input is not valid for %s", what)
	}
	return v, nil
}

func deepKeepKeys(a *args) (value.Value, error) {
	data, err := a.container("keep operation")
	if err != nil {
		return nil, err
	}
	wanted, err := a.targets()
	if err != nil {
		return nil, err
	}
	return keepDeep(data, wanted)
}

// keepDeep keeps the wanted scalars and the containers that still hold some.
func keepDeep(v value.Value, wanted keyMatcher) (value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			k, err := keepDeep(e, wanted)
			if err != nil {
				return nil, err
			}
			out.Append(k)
		}
		return out, nil
	case *value.Dict:
		out := value.NewDict(0)
		for _, e := range v.Entries() {
			k, ok, err := keepEntry(e, wanted)
			if err != nil {
				return nil, err
			}
			if ok {
				out.Set(e.Key, k)
			}
		}
		return out, nil
	}
	return v, nil
}

func keepEntry(e value.Entry, wanted keyMatcher) (v value.Value, ok bool, err error) {
	switch e.Val.(type) {
	case *value.List, *value.Dict:
	default:
		ok, err = wanted(e.Key)
		return e.Val, ok, err
	}
	if v, err = keepDeep(e.Val, wanted); err != nil {
		return nil, false, err
	}
	if l, isList := v.(*value.List); isList {
		kept, onlyText := value.NewList(), true
		for _, x := range l.Elems {
			if c, isContainer := x.(interface{ Len() int }); isContainer && c.Len() == 0 {
				continue
			}
			_, isStr := value.AsString(x)
			onlyText = onlyText && isStr
			kept.Append(x)
		}
		return kept, !onlyText, nil
	}
	return v, v.(*value.Dict).Len() > 0, nil
}

func deepRemoveKeys(a *args) (value.Value, error) {
	data, err := a.container("attribute removal")
	if err != nil {
		return nil, err
	}
	unwanted, err := a.targets()
	if err != nil {
		return nil, err
	}
	return removeDeep(data, unwanted)
}

// removeDeep drops the unwanted keys everywhere, and what is empty in lists.
func removeDeep(v value.Value, unwanted keyMatcher) (value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			r, err := removeDeep(e, unwanted)
			if err != nil {
				return nil, err
			}
			if value.Truth(r) {
				out.Append(r)
			}
		}
		return out, nil
	case *value.Dict:
		out := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			drop, err := unwanted(e.Key)
			if err != nil {
				return nil, err
			}
			if drop {
				continue
			}
			r, err := removeDeep(e.Val, unwanted)
			if err != nil {
				return nil, err
			}
			out.Set(e.Key, r)
		}
		return out, nil
	}
	return v, nil
}

func deepReplaceKeys(a *args) (value.Value, error) {
	data, err := a.container("replace operation")
	if err != nil {
		return nil, err
	}
	rules, err := a.renamings()
	if err != nil {
		return nil, err
	}
	return replaceDeep(data, rules)
}

// replaceDeep renames keys everywhere; a renamed key goes to the end.
func replaceDeep(v value.Value, rules []renaming) (value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			r, err := replaceDeep(e, rules)
			if err != nil {
				return nil, err
			}
			out.Append(r)
		}
		return out, nil
	case *value.Dict:
		d := v.Clone()
		for _, rule := range rules {
			for _, key := range d.Keys() {
				ok, err := rule.matches(key)
				if err != nil {
					return nil, err
				}
				if ok {
					old, _, _ := d.Get(key)
					d.Delete(key)
					d.Set(rule.after, old)
				}
			}
		}
		for _, e := range d.Entries() {
			r, err := replaceDeep(e.Val, rules)
			if err != nil {
				return nil, err
			}
			d.Set(e.Key, r)
		}
		return d, nil
	}
	return v, nil
}
