package api

import (
	"fmt"
	"go/types"
	"strings"
)

// render returns the exported API of a package, an entry for every identifier,
// field and method. rel is the package's path below the module's.
func render(rel string, pkg *types.Package) []string {
	r := &renderer{rel: rel, pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		switch object := object.(type) {
		case *types.Const:
			r.add("const %s %s = %s", name, r.typ(object.Type()), object.Val().ExactString())
		case *types.Var:
			r.add("var %s %s", name, r.typ(object.Type()))
		case *types.Func:
			r.add("func %s%s", name, r.signature(object.Signature()))
		case *types.TypeName:
			r.typeName(object)
		}
	}
	return r.lines
}

type renderer struct {
	rel   string
	pkg   *types.Package
	lines []string
}

func (r *renderer) add(format string, args ...any) {
	r.lines = append(r.lines, r.rel+": "+fmt.Sprintf(format, args...))
}

func (r *renderer) typeName(t *types.TypeName) {
	if t.IsAlias() {
		r.add("type %s = %s", t.Name(), r.typ(types.Unalias(t.Type())))
		return
	}
	name := t.Name() + r.parameters(t.Type().(*types.Named).TypeParams())
	switch u := t.Type().Underlying().(type) {
	case *types.Struct:
		r.add("type %s struct", name)
		r.fields(name, u)
	case *types.Interface:
		r.add("type %s interface", name)
		r.interfaceMethods(name, u)
		return // its method set is what was just listed
	default:
		r.add("type %s %s", name, r.typ(u))
	}
	r.methods(t.Name(), t.Type())
}

// fields lists a struct's fields. An embedded one is listed by its type, even if
// it cannot be named from outside: its methods can be called.
func (r *renderer) fields(owner string, s *types.Struct) {
	for f := range s.Fields() {
		switch {
		case f.Embedded():
			if kind := embedded(f.Type()); f.Exported() || r.foreign(kind) {
				r.add("type %s struct, embeds %s", owner, r.typ(kind))
			}
		case f.Exported():
			r.add("type %s struct, field %s %s", owner, f.Name(), r.typ(f.Type()))
		}
	}
}

// embedded looks through the alias by which a type can be embedded without an
// exported name.
func embedded(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return types.NewPointer(types.Unalias(p.Elem()))
	}
	return types.Unalias(t)
}

// foreign reports whether t, or what it points to, is another package's type.
func (r *renderer) foreign(t types.Type) bool {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := t.(*types.Named)
	return ok && n.Obj().Pkg() != r.pkg
}

func (r *renderer) interfaceMethods(owner string, i *types.Interface) {
	sealed := false
	for m := range i.Methods() {
		if m.Exported() {
			r.add("type %s interface, method %s%s", owner, m.Name(), r.signature(m.Signature()))
		} else {
			sealed = true
		}
	}
	if sealed {
		r.add("type %s interface, sealed by an unexported method", owner)
	}
}

// methods lists the methods of a type and of a pointer to it. Those that come
// from a listed embedded type are not listed one by one.
func (r *renderer) methods(name string, t types.Type) {
	byValue := types.NewMethodSet(t)
	for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if !m.Obj().Exported() || len(m.Index()) > 1 && r.listed(t, m.Index()[0]) {
			continue
		}
		receiver := name
		if byValue.Lookup(r.pkg, m.Obj().Name()) == nil {
			receiver = "*" + name
		}
		r.add("func (%s) %s%s", receiver, m.Obj().Name(), r.signature(m.Type().(*types.Signature)))
	}
}

// listed reports whether fields has an entry for the embedded field number i.
func (r *renderer) listed(t types.Type, i int) bool {
	f := t.Underlying().(*types.Struct).Field(i)
	return f.Exported() || r.foreign(embedded(f.Type()))
}

// signature returns a function's type without the names of its parameters, which
// may change.
func (r *renderer) signature(s *types.Signature) string {
	params := r.tuple(s.Params())
	if s.Variadic() {
		last := len(params) - 1
		params[last] = "..." + strings.TrimPrefix(params[last], "[]")
	}
	text := r.parameters(s.TypeParams()) + "(" + strings.Join(params, ", ") + ")"
	switch results := r.tuple(s.Results()); len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	default:
		return text + " (" + strings.Join(results, ", ") + ")"
	}
}

func (r *renderer) tuple(t *types.Tuple) []string {
	var list []string
	for v := range t.Variables() {
		list = append(list, r.typ(v.Type()))
	}
	return list
}

// parameters returns a list of type parameters, "" if it is empty.
func (r *renderer) parameters(list *types.TypeParamList) string {
	var names []string
	for p := range list.TypeParams() {
		names = append(names, p.Obj().Name()+" "+r.typ(p.Constraint()))
	}
	if names == nil {
		return ""
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (r *renderer) typ(t types.Type) string {
	if s, ok := t.(*types.Signature); ok {
		return "func" + r.signature(s)
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p == r.pkg {
			return ""
		}
		return p.Name()
	})
}
