package filters

import (
	"errors"
	"fmt"
	"slices"
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

// equalKeys is how keys match unless another way is asked for.
const equalKeys = "equal"

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
	case equalKeys:
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

// keyTarget is one wanted key: a text, and what matches it.
type keyTarget struct {
	text    string
	matches keyMatcher
}

// targets gives the target argument: a text or a list of them.
func (a *args) targets() ([]keyTarget, error) {
	kind := a.strOr("matching_parameter", equalKeys)
	list, ok := asSequence(a.val("target"))
	if !ok {
		list = []value.Value{a.val("target")}
	}
	var all []keyTarget
	for _, t := range list {
		s, ok := value.AsString(t)
		if !ok {
			return nil, fmt.Errorf("The target items must be strings, not '%s'", t.Type())
		}
		m, err := matcher(kind, s)
		if err != nil {
			return nil, err
		}
		all = append(all, keyTarget{s, m})
	}
	return all, nil
}

// anyMatches reports whether one of the targets matches a key.
func anyMatches(targets []keyTarget, key value.Value) (bool, error) {
	for _, t := range targets {
		if ok, err := t.matches(key); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// someTargets refuses an empty target, and several patterns at once.
func (a *args) someTargets() error {
	list, isList := asSequence(a.val("target"))
	text, _ := value.AsString(a.val("target"))
	switch {
	case text == "" && len(list) == 0:
		return errors.New("The target can't be empty.")
	case isList && len(list) > 1 && a.strOr("matching_parameter", equalKeys) == "regex":
		return errors.New("with matching_parameter=regex the target must be one pattern")
	}
	return nil
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
		if err := a.someTargets(); err != nil {
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
				ok, err := anyMatches(wanted, e.Key)
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
		m, err := matcher(a.strOr("matching_parameter", equalKeys), value.String(before))
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
	if l, ok := a.val("target").(*value.List); !ok || len(l.Elems) == 0 {
		return nil, errors.New("the target must be a list of dictionaries with the keys 'before' and 'after'")
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

// keepDeep keeps the wanted keys, and what else still holds something.
func keepDeep(v value.Value, wanted []keyTarget) (value.Value, error) {
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
			kept, err := keepEntry(e, wanted)
			if err != nil {
				return nil, err
			}
			if kept != nil {
				out.Set(e.Key, kept)
			}
		}
		return out, nil
	}
	return v, nil
}

// keepEntry gives what is kept of an entry, nil for nothing. A container under
// a wanted key is kept whole; of others, each further target keeps its share.
func keepEntry(e value.Entry, wanted []keyTarget) (value.Value, error) {
	if !isContainer(e.Val) {
		if ok, err := anyMatches(wanted, e.Key); !ok || err != nil {
			return nil, err
		}
		return e.Val, nil
	}
	within, err := keepDeep(e.Val, wanted)
	if err != nil {
		return nil, err
	}
	var kept value.Value
	name, _ := value.AsString(e.Key)
	for _, t := range wanted {
		if name == t.text {
			kept = e.Val
		} else if some := withoutEmpty(within); !isEmptyContainer(some) {
			kept = some
		}
	}
	if kept == nil && !isEmptyContainer(within) {
		kept = within
	}
	return kept, nil
}

// withoutEmpty leaves empty containers out of a list.
func withoutEmpty(v value.Value) value.Value {
	l, ok := v.(*value.List)
	if !ok {
		return v
	}
	return value.NewList(slices.DeleteFunc(slices.Clone(l.Elems), isEmptyContainer)...)
}

func isContainer(v value.Value) bool {
	switch v.(type) {
	case *value.List, *value.Dict:
		return true
	}
	return false
}

func isEmptyContainer(v value.Value) bool { return isContainer(v) && !value.Truth(v) }

func deepRemoveKeys(a *args) (value.Value, error) {
	data, err := a.container("attribute removal")
	if err != nil {
		return nil, err
	}
	unwanted, err := a.targets()
	if err != nil {
		return nil, err
	}
	data, err = removeDeep(data, unwanted)
	if err != nil {
		return nil, err
	}
	return withoutFalse(data), nil
}

// removeDeep drops the unwanted keys everywhere.
func removeDeep(v value.Value, unwanted []keyTarget) (value.Value, error) {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			r, err := removeDeep(e, unwanted)
			if err != nil {
				return nil, err
			}
			out.Append(r)
		}
		return out, nil
	case *value.Dict:
		out := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			drop, err := anyMatches(unwanted, e.Key)
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

// withoutFalse drops what counts as false from all lists.
func withoutFalse(v value.Value) value.Value {
	switch v := v.(type) {
	case *value.List:
		out := value.NewList()
		for _, e := range v.Elems {
			if value.Truth(e) {
				out.Append(withoutFalse(e))
			}
		}
		return out
	case *value.Dict:
		out := value.NewDict(v.Len())
		for _, e := range v.Entries() {
			out.Set(e.Key, withoutFalse(e.Val))
		}
		return out
	}
	return v
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
