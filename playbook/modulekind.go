package playbook

import (
	"bytes"
	"os"
	"strings"

	"drover/internal/lazyre"
	"drover/modules"
)

// OwnModule is a module of the user's own: a program that came with the
// playbook, a role or a collection.
type OwnModule struct {
	Path string // its file on the controller
	Kind ModuleKind
	// Interpreter is the program of its first line ("#!"), and that one's
	// arguments; nil when it has none.
	Interpreter []string
}

// ModuleKind says how a program wants its arguments.
type ModuleKind string

// The kinds of programs. What PythonLibrary, PowerShell and ActionPlugin are
// needs Ansible's own libraries, so nothing here runs them.
const (
	OldStyle      ModuleKind = "old"      // a file of words key=value
	WantJSON      ModuleKind = "json"     // a file of JSON
	BinaryProgram ModuleKind = "binary"   // the same; it needs no interpreter
	JSONInside    ModuleKind = "jsonargs" // JSON that replaces a mark in the program
	PythonLibrary ModuleKind = "python"   // imports ansible.module_utils
	PowerShell    ModuleKind = "powershell"
	ActionPlugin  ModuleKind = "action"
)

// Runnable reports whether the program needs nothing that only Ansible has.
func (k ModuleKind) Runnable() bool {
	switch k {
	case OldStyle, WantJSON, BinaryProgram, JSONInside:
		return true
	}
	return false
}

// The words in a program that tell its kind.
var (
	pythonMark   = []byte("#<<INCLUDE_ANSIBLE_MODULE_COMMON>>")
	windowsMark  = []byte("# POWERSHELL_COMMON")
	jsonMark     = []byte("WANT_JSON")
	pythonImport = lazyre.New(`(?m)\bfrom +(?:\.{2,} *module_utils|ansible_collections\.\w+\.\w+\.plugins\.module_utils|ansible\.module_utils)[\w.]* +import |\bimport +(?:ansible_collections\.\w+\.\w+\.plugins\.module_utils|ansible\.module_utils\.)`)
	powershell   = lazyre.New(`(?i)#Requires -(?:Module|Version)|#AnsibleRequires -(?:OSVersion|PowerShell|CSharpUtil|Wrapper)`)
)

// kindOf tells a module's kind by what is in its file.
func kindOf(data []byte) ModuleKind {
	switch {
	case isBinary(data):
		return BinaryProgram
	case bytes.Contains(data, pythonMark) || pythonImport.Match(data):
		return PythonLibrary
	case bytes.Contains(data, windowsMark) || powershell.Match(data):
		return PowerShell
	case bytes.Contains(data, []byte(modules.ProgramArgsMark)):
		return JSONInside
	case bytes.Contains(data, jsonMark):
		return WantJSON
	}
	return OldStyle
}

// isBinary reports whether the beginning of a file holds what no text has.
func isBinary(data []byte) bool {
	const looked = 1024
	return bytes.ContainsFunc(data[:min(len(data), looked)], func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\a\b\t\n\f\r\x1b", r) || r == 0x7f
	})
}

// interpreter reads the first line of a program.
func interpreter(data []byte) []string {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return nil
	}
	words, err := modules.SplitWords(strings.TrimSpace(string(line)))
	if err != nil {
		return nil
	}
	return words
}

// readModule looks into the file of a module. It looks once.
func (l *Loader) readModule(path string) (*OwnModule, error) {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	if m := l.cache.own[path]; m != nil {
		return m, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	m := &OwnModule{Path: path, Kind: kindOf(data)}
	if m.Kind != BinaryProgram {
		m.Interpreter = interpreter(data)
	}
	l.cache.own[path] = m
	return m, nil
}
