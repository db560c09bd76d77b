package filters

import (
	"testing"

	"drover/playbook/value"
)

// TestSeededChoices holds what Python's Random gives for these seeds.
func TestSeededChoices(t *testing.T) {
	tests := []struct {
		seed    value.Value
		number  int // randrange(100)
		letter  byte
		shuffle string
	}{
		{value.Str("host1"), 62, 'd', "[0, 2, 4, 3, 1, 5]"},
		{value.Str("node-3"), 29, 'd', "[3, 0, 5, 1, 4, 2]"},
		{value.Int(42), 81, 'b', "[3, 4, 0, 1, 2, 5]"},
		{value.Int(0), 49, 'g', "[0, 5, 1, 3, 4, 2]"},
		{value.Int(-5), 79, 'e', "[2, 3, 1, 0, 4, 5]"},
		{value.Str("é"), 53, 'b', "[1, 3, 4, 5, 0, 2]"},
	}
	for _, tt := range tests {
		r, err := seeded(tt.seed)
		if err != nil {
			t.Fatal(err)
		}
		if n := below(r, 100); n != tt.number {
			t.Errorf("seed %s: number %d, want %d", value.Repr(tt.seed), n, tt.number)
		}
		if c := "abcdefgh"[below(r, 8)]; c != tt.letter {
			t.Errorf("seed %s: letter %c, want %c", value.Repr(tt.seed), c, tt.letter)
		}
		below(r, 10)
		list := value.NewList()
		for i := range 6 {
			list.Append(value.Int(i))
		}
		shuffle(r, list.Elems)
		if got := value.Repr(list); got != tt.shuffle {
			t.Errorf("seed %s: shuffled %s, want %s", value.Repr(tt.seed), got, tt.shuffle)
		}
	}
}

func TestFloatSeed(t *testing.T) {
	if h := floatHash(1.5); h != 1152921504606846977 {
		t.Errorf("hash(1.5) = %d", h)
	}
	r, err := seeded(value.Float(1.5))
	if err != nil || below(r, 100) != 70 {
		t.Errorf("Random(1.5) differs: %v", err)
	}
}
