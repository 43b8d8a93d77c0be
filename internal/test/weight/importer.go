package main

import (
	"fmt"
	"go/types"
	"strings"
)

// importer returns a program that uses every function, variable and method that
// a package exports, so that the linker keeps all of it.
func importer(pkg *types.Package) string {
	var uses []string
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		switch object := scope.Lookup(name).(type) {
		case *types.Func:
			if object.Exported() && object.Signature().TypeParams() == nil {
				uses = append(uses, "p."+name)
			}
		case *types.Var:
			if object.Exported() {
				uses = append(uses, "&p."+name)
			}
		case *types.TypeName:
			if object.Exported() {
				uses = append(uses, methods(object)...)
			}
		}
	}
	return fmt.Sprintf("package main\n\nimport p %q\n\nvar used []any\n\nfunc main() {\n\tused = append(used,\n\t\t%s,\n\t)\n\tprintln(len(used))\n}\n",
		pkg.Path(), strings.Join(uses, ",\n\t\t"))
}

// methods returns expressions for a type's methods, also those of what it embeds.
func methods(t *types.TypeName) []string {
	named, ok := t.Type().(*types.Named)
	if !ok || types.IsInterface(named) || named.TypeParams() != nil {
		return nil
	}
	var all []string
	for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if m.Obj().Exported() {
			all = append(all, fmt.Sprintf("(*p.%s).%s", t.Name(), m.Obj().Name()))
		}
	}
	return all
}
