package main

import (
	"bytes"
	"debug/elf"
	"io"
	"regexp"

	"drover/modules"
)

// docTag is the documentation of an argument, in the tag of its field.
var docTag = regexp.MustCompile(`doc:"((?:[^"\\\x00-\x1f]|\\.)*)"`)

// shortText is the length below which a text stays: other code may share it.
const shortText = 24

// clearDocs puts blanks where the modules' documentation was, which nobody
// asks a runner for. Blanks weigh nothing, packed.
func clearDocs(f io.WriterAt, program *elf.File) error {
	for _, s := range program.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || s.Flags&elf.SHF_EXECINSTR != 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return err
		}
		for _, tag := range docTag.FindAllSubmatchIndex(data, -1) {
			blank(data[tag[2]:tag[3]])
		}
		for _, text := range documentation() {
			for at := data; ; {
				i := bytes.Index(at, text)
				if i < 0 {
					break
				}
				blank(at[i : i+len(text)])
				at = at[i+len(text):]
			}
		}
		if _, err := f.WriteAt(data, int64(s.Offset)); err != nil {
			return err
		}
	}
	return nil
}

func blank(text []byte) {
	for i := range text {
		text[i] = ' '
	}
}

// documentation gives the texts that only drover doc shows.
func documentation() [][]byte {
	var all [][]byte
	add := func(text string) {
		if len(text) >= shortText {
			all = append(all, []byte(text))
		}
	}
	for _, m := range modules.Builtin() {
		spec := m.Spec()
		add(spec.Doc)
		add(spec.Examples)
		for _, r := range spec.Returns {
			add(r.Doc)
		}
	}
	return all
}
