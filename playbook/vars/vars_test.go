package vars

import (
	"testing"

	"drover/playbook/value"
)

func dict(kv ...any) Dict { return Dict{D: value.DictOf(kv...)} }

func TestStackHighestLayerWins(t *testing.T) {
	s := &Stack{Layers: []Layer{dict("a", 1, "b", 1), dict("b", 2)}}
	for name, want := range map[string]value.Value{"a": value.Int(1), "b": value.Int(2)} {
		if got, ok := s.Lookup(name); !ok || !value.Equal(got, want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if got, ok := s.Over(dict("a", 3)).Lookup("a"); !ok || !value.Equal(got, value.Int(3)) {
		t.Errorf("a layer on top gives %v, want 3", got)
	}
	if got, _ := s.Lookup("a"); !value.Equal(got, value.Int(1)) {
		t.Errorf("Over changed the stack below: a = %v", got)
	}
}

func TestStackMergesDicts(t *testing.T) {
	low := dict("d", value.DictOf("x", 1, "sub", value.DictOf("p", 1)))
	high := dict("d", value.DictOf("y", 2, "sub", value.DictOf("q", 2)))
	for _, tt := range []struct {
		merge bool
		want  string
	}{
		{false, "{'y': 2, 'sub': {'q': 2}}"},
		{true, "{'x': 1, 'sub': {'p': 1, 'q': 2}, 'y': 2}"},
	} {
		s := &Stack{Layers: []Layer{low, high}, Merge: tt.merge}
		if got, _ := s.Lookup("d"); value.Repr(got) != tt.want {
			t.Errorf("merge=%v: d = %s, want %s", tt.merge, value.Repr(got), tt.want)
		}
	}
}

func TestStackTrustsOnlyThePlaybooksSide(t *testing.T) {
	registered, included, facts := &Store{}, NewTrusted(), &Shared{}
	registered.Set("result", value.Str("a == b"))
	included.Set("loaded", value.Str("a == b"))
	facts.Update(value.DictOf("fact", "a == b"))
	s := &Stack{Layers: []Layer{dict("play", "a == b", "result", "x"), facts, included, registered}}
	for name, want := range map[string]bool{"play": true, "loaded": true, "fact": false, "result": false, "nothing": false} {
		if got := s.Trusted(name); got != want {
			t.Errorf("Trusted(%s) = %v, want %v", name, got, want)
		}
	}
}

func TestSharedKeepsWhatReadersHold(t *testing.T) {
	s := &Shared{}
	s.Update(value.DictOf("a", 1))
	held := s.Dict()
	s.Update(value.DictOf("b", 2))
	if held.Len() != 1 || s.Dict().Len() != 2 {
		t.Errorf("held %d, now %d; want 1 and 2", held.Len(), s.Dict().Len())
	}
}
