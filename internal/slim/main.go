// Command slim takes the tables of file names and line numbers, the names of
// libraries' functions and the documentation of modules out of a program for
// Linux that Go has linked: an eighth of what it weighs packed, which every host
// pays on first contact. A traceback of such a program still names drover's
// functions, with offsets into them ("+0x1f"): a build of the same version
// without slim tells the lines.
//
// The tables that the runtime itself needs, for its stacks and the collector,
// stay as they are.
//
//	go run ./internal/slim FILE
package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: slim FILE")
		os.Exit(2)
	}
	if err := slim(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "slim: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// slim changes the program in a file in place.
func slim(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	program, err := elf.NewFile(f)
	if err != nil {
		return err
	}
	section := program.Section(".gopclntab")
	if section == nil || program.ByteOrder != binary.LittleEndian || program.Class != elf.ELFCLASS64 {
		return errors.New("it is no program that Go linked for a 64-bit machine")
	}
	data, err := section.Data()
	if err != nil {
		return err
	}
	t, err := newTable(data)
	if err != nil {
		return err
	}
	if err := t.clear(); err != nil {
		return err
	}
	if _, err := f.WriteAt(data, int64(section.Offset)); err != nil {
		return err
	}
	if err := clearDocs(f, program); err != nil {
		return err
	}
	return f.Close()
}

// magic begins the tables since Go 1.20; another one means another form.
const magic = 0xfffffff1

// table is what Go's linker calls the pclntab: a header, and one after the
// other the names of functions, the file numbers of compilation units, the
// names of files, the values by program counter (pctab), and the functions.
type table struct {
	data   []byte
	count  int // of functions
	names  int // offsets in data
	units  int
	pctab  int
	funcs  int
	wanted map[uint32]bool // offsets in pctab that the runtime needs
}

func newTable(data []byte) (*table, error) {
	if len(data) < 72 || binary.LittleEndian.Uint32(data) != magic || data[7] != 8 {
		return nil, errors.New("its tables have a form that slim does not know: this version of Go is not the one it was written for")
	}
	word := func(n int) int { return int(binary.LittleEndian.Uint64(data[8+8*n:])) }
	t := &table{data: data, count: word(0), names: word(3), units: word(4), pctab: word(6), funcs: word(7), wanted: map[uint32]bool{}}
	if t.count <= 0 || t.names <= 0 || t.units <= t.names || t.pctab <= t.units || t.funcs <= t.pctab || t.funcs+8*t.count > len(data) {
		return nil, errors.New("its tables do not add up")
	}
	return t, nil
}

// Places in the record of a function, and the size of its fixed part.
const (
	atSP, atFile, atLine, atTables, atUnit, atStart = 16, 20, 24, 28, 32, 36
	recordSize                                      = 44
)

// named begins the names of functions that stay: our own, and those that the
// runtime knows by their names when it looks through stacks.
var named = [][]byte{[]byte("drover/"), []byte("main."), []byte("runtime."), []byte("internal/runtime/"), []byte("reflect.")}

// clearNames empties the names of all other functions.
func (t *table) clearNames() {
	for names := t.data[t.names:t.units]; len(names) > 0; {
		name, rest, _ := bytes.Cut(names, []byte{0})
		if !slices.ContainsFunc(named, func(begin []byte) bool { return bytes.HasPrefix(name, begin) }) {
			clear(name)
		}
		names = rest
	}
}

// clear empties the tables of files and lines and what points to them.
func (t *table) clear() error {
	t.clearNames()
	var spare []uint32
	for i := range t.count {
		record, err := t.record(i)
		if err != nil {
			return err
		}
		get := func(at int) uint32 { return binary.LittleEndian.Uint32(record[at:]) }
		t.wanted[get(atSP)] = true
		tables := int(get(atTables))
		if recordSize+4*tables > len(record) {
			return errors.New("a function's record is cut off")
		}
		for k := range tables {
			t.wanted[get(recordSize+4*k)] = true
		}
		spare = append(spare, get(atFile), get(atLine))
		for _, at := range []int{atFile, atLine, atUnit, atStart} {
			binary.LittleEndian.PutUint32(record[at:], 0)
		}
	}
	return t.zero(spare)
}

// record gives what follows from the record of function i on.
func (t *table) record(i int) ([]byte, error) {
	at := t.funcs + int(binary.LittleEndian.Uint32(t.data[t.funcs+8*i+4:]))
	if at+recordSize > len(t.data) {
		return nil, errors.New("a function's record lies outside")
	}
	return t.data[at:], nil
}

// zero overwrites the value tables at these offsets unless they, or parts of
// them, are wanted: equal tables are stored once.
func (t *table) zero(offsets []uint32) error {
	keep := make([]bool, t.funcs-t.pctab)
	for o := range t.wanted {
		end, err := t.end(o)
		if err != nil {
			return err
		}
		for k := int(o); k < end; k++ {
			keep[k] = true
		}
	}
	for _, o := range offsets {
		if o == 0 || t.wanted[o] {
			continue
		}
		end, err := t.end(o)
		if err != nil {
			return err
		}
		for k := int(o); k < end; k++ {
			if !keep[k] {
				t.data[t.pctab+k] = 0
			}
		}
	}
	return nil
}

// end gives the offset behind the value table at o: pairs of varints, of which
// a first one that is zero ends it, save in the first pair.
func (t *table) end(o uint32) (int, error) {
	pctab, at := t.data[t.pctab:t.funcs], int(o)
	if o == 0 {
		return 0, nil // no table
	}
	for first := true; at < len(pctab); first = false {
		value, n := binary.Uvarint(pctab[at:])
		if n <= 0 {
			break
		}
		if at += n; value == 0 && !first {
			return at, nil
		}
		if _, n = binary.Uvarint(pctab[at:]); n <= 0 {
			break
		}
		at += n
	}
	return 0, errors.New("a table has no end")
}
