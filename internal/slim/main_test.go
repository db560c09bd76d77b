package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program grows stacks, collects garbage and breaks: all that needs tables.
const program = `package main

import (
	"reflect"
	"runtime"
	"slices"
)

func deep(n int) []byte {
	var pad [256]byte
	pad[n%256] = byte(n)
	if n == 0 {
		runtime.GC()
		return append([]byte{}, pad[:]...)
	}
	return append(deep(n-1), pad[0])
}

func broken() { panic("as planned") }

// reflected is a function that reflect makes; it grows the stack below it.
func reflected() {
	double := reflect.MakeFunc(reflect.TypeOf(deep), func(args []reflect.Value) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(deep(int(2 * args[0].Int())))}
	})
	grown := double.Interface().(func(int) []byte)(1000)
	println("reflected", len(grown))
}

func main() {
	println(help)
	defer func() {
		println("recovered", recover() != nil, len(deep(20000)))
		reflected()
		slices.IndexFunc([]int{1}, func(int) bool { broken(); return true })
	}()
	broken()
}
`

func TestSlim(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("slim changes programs for Linux")
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	help := string(documentation()[0])
	text := program + fmt.Sprintf("\nvar help = %q\n", help)
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := run(t, binary)
	if !strings.Contains(before, "main.go:") || !strings.Contains(before, "slices.IndexFunc") || !strings.Contains(before, help) {
		t.Fatalf("the program says without slim:\n%s", before)
	}
	if err := slim(binary); err != nil {
		t.Fatal(err)
	}
	after := run(t, binary)
	if !strings.Contains(after, "recovered true 20256") || !strings.Contains(after, "reflected 2256") || !strings.Contains(after, "main.broken") {
		t.Errorf("after slim it says:\n%s", after)
	}
	if strings.Contains(after, "main.go:") || strings.Contains(after, "slices.IndexFunc") || strings.Contains(after, help) {
		t.Errorf("lines, libraries' names or documentation are left:\n%s", after)
	}
	if err := slim(binary); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// run gives what the program says before it ends with a panic.
func run(t *testing.T, path string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(path)
	cmd.Stderr = &out
	if err := cmd.Run(); err == nil {
		t.Error("the program did not break")
	}
	return out.String()
}

func TestRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	if slim(path) == nil {
		t.Error("a text was taken for a program")
	}
	if _, err := newTable(make([]byte, 100)); err == nil {
		t.Error("tables of an unknown form were taken")
	}
}
