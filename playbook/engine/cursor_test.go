package engine

import (
	"strings"
	"testing"

	"drover/playbook"
	"drover/playbook/value"
)

func task(name string) *playbook.Task {
	return &playbook.Task{Base: playbook.Base{Name: value.Str(name)}, Action: name}
}

func block(body, rescue, always []playbook.Step) *playbook.Block {
	return &playbook.Block{Body: body, Rescue: rescue, Always: always}
}

func steps(s ...playbook.Step) []playbook.Step { return s }

func newCursor(b *playbook.Block) *cursor {
	c := &cursor{
		selected: func(*playbook.Task) bool { return true },
		notified: func(*playbook.Task) bool { return true },
		enter:    func(*playbook.Block) bool { return true },
		leave:    func(*playbook.Block) {},
	}
	c.push(b, 0)
	return c
}

// walk runs a cursor to its end; tasks named in failing fail.
func walk(c *cursor, failing string) string {
	var ran []string
	for t := c.peek(); t != nil; t = c.peek() {
		c.consume()
		ran = append(ran, t.Action)
		if strings.Contains(failing, t.Action) {
			c.fail()
		}
	}
	if c.failed {
		ran = append(ran, "FAILED")
	}
	return strings.Join(ran, " ")
}

func TestCursorFailures(t *testing.T) {
	nested := func() *playbook.Block {
		return block(steps(
			task("a"),
			block(steps(task("b"), block(steps(task("c")), nil, steps(task("d")))), steps(task("r")), steps(task("w"))),
			task("z"),
		), nil, nil)
	}
	for _, tt := range []struct{ failing, want string }{
		{"", "a b c d w z"},
		{"a", "a FAILED"},
		{"b", "a b r w z"},
		{"c", "a b c d r w z"},
		{"d", "a b c d r w z"},
		{"b r", "a b r w FAILED"},
		{"w", "a b c d w FAILED"},
		{"z", "a b c d w z FAILED"},
	} {
		if got := walk(newCursor(nested()), tt.failing); got != tt.want {
			t.Errorf("failing %q: ran %q, want %q", tt.failing, got, tt.want)
		}
	}
}

func TestCursorHandlersFailIntoRescue(t *testing.T) {
	c := newCursor(block(steps(block(steps(task("flush"), task("b")), steps(task("r")), nil), task("z")), nil, nil))
	c.peek()
	c.consume()
	c.pushHandlers(steps(task("h1"), task("h2")))
	if got, want := walk(c, "h1"), "h1 r z"; got != want {
		t.Errorf("ran %q, want %q", got, want)
	}
}

func TestCursorOrder(t *testing.T) {
	b := block(steps(task("a"), task("include"), task("z")), nil, nil)
	early, late, inside := newCursor(b), newCursor(b), newCursor(b)
	for _, c := range []*cursor{early, late, inside} {
		for range 2 {
			c.peek()
			c.consume()
		}
	}
	inside.push(block(steps(task("i")), nil, nil), 0)
	early.push(block(steps(task("i")), nil, nil), 0)
	late.push(block(steps(task("j")), nil, nil), 1)
	for _, c := range []*cursor{early, late, inside} {
		c.peek()
	}
	if early.before(inside) != 0 {
		t.Error("two hosts in the same included file are at the same place")
	}
	if early.before(late) >= 0 {
		t.Error("the file that was included first comes first")
	}
	past := newCursor(b)
	for range 2 {
		past.peek()
		past.consume()
	}
	past.peek()
	if late.before(past) >= 0 {
		t.Error("what was included comes before the task after the include")
	}
}

func TestTagFilter(t *testing.T) {
	for _, tt := range []struct {
		only, skip, tags string
		want             bool
	}{
		{"", "", "", true},
		{"", "", "never", false},
		{"", "", "never,x", false},
		{"x", "", "never,x", true},
		{"x", "", "y", false},
		{"x", "", "", false},
		{"x", "", "always", true},
		{"tagged", "", "", false},
		{"tagged", "", "y", true},
		{"tagged", "", "never", false},
		{"untagged", "", "", true},
		{"untagged", "", "y", false},
		{"all", "y", "y", false},
		{"", "always", "always", false},
		{"", "tagged", "y", false},
		{"", "tagged", "", true},
		{"", "untagged", "", false},
		{"", "all", "y", false},
		{"", "all", "always", true},
	} {
		f := newTagFilter(splitTags([]string{tt.only}), splitTags([]string{tt.skip}))
		if got := f.runs(splitTags([]string{tt.tags})); got != tt.want {
			t.Errorf("--tags %q --skip-tags %q, task %q: %v, want %v", tt.only, tt.skip, tt.tags, got, tt.want)
		}
	}
}

func TestBatchSize(t *testing.T) {
	for _, tt := range []struct {
		v     value.Value
		hosts int
		want  int
		ok    bool
	}{
		{value.Int(3), 10, 3, true},
		{value.Str("30%"), 10, 3, true},
		{value.Str("1%"), 10, 1, true},
		{value.Str("2"), 10, 2, true},
		{value.Str("many"), 10, 0, false},
	} {
		if got, ok := batchSize(tt.v, tt.hosts); got != tt.want && tt.ok || ok != tt.ok {
			t.Errorf("batchSize(%v, %d) = %d, %v", tt.v, tt.hosts, got, ok)
		}
	}
}
