// compiler/diagnostics/render.h — diagnostics as people read them, and as editors do.
// Room: diagnostics, public face. In: Diagnostic values and the texts. Out: text like rustc's, or one JSON object per line.
// Law: rendering never fails, whatever the spans are.
#pragma once

#include <string>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/source/source_map.h"

namespace stark::diagnostics {

std::string render(const SourceMap& sources, const Diagnostic& diagnostic, bool colours);
// {"code","severity","message","file","line","column","end_line","end_column","label","labels":[…],"notes","helps"}
std::string render_json(const SourceMap& sources, const Diagnostic& diagnostic);
std::string json_quote(std::string_view text);

}  // namespace stark::diagnostics
