package jmes

import (
	"bufio"
	"os"
	"testing"

	"drover/playbook/value"
)

// TestAsPythonsLibraryAnswers compares with what jmespath.py said. The first
// line of the file is the document, the others are queries.
func TestAsPythonsLibraryAnswers(t *testing.T) {
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	var doc value.Value
	for sc.Scan() {
		v, err := value.ParseJSON(sc.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if doc == nil {
			doc = v
			continue
		}
		c := v.(*value.Dict)
		query := value.String(c.At("e"))
		got, err := search(query, doc)
		if fails := value.Truth(c.At("err")); fails != (err != nil) {
			t.Errorf("%s: error %v, want one: %v", query, err, fails)
		} else if want := c.At("r"); err == nil && value.Repr(got) != value.Repr(want) {
			t.Errorf("%s = %s, want %s", query, value.Repr(got), value.Repr(want))
		}
	}
}

func search(query string, doc value.Value) (value.Value, error) {
	e, err := Parse(query)
	if err != nil {
		return nil, err
	}
	return e.Search(doc)
}
