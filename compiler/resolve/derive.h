// compiler/resolve/derive.h — writes the implementations that `#[derive(…)]` asks for.
// Room: resolve, private. In: a struct or enum. Out: STARK text; whoever reads it gives it the place of the attribute.
#pragma once

#include "compiler/resolve/names.h"

namespace stark::resolve {

std::vector<std::string_view> derivable();
bool is_derivable(std::string_view trait);
// The `impl` of `trait`, one of derivable(), for the struct or enum `item`.
std::string derive(const SourceMap& sources, const SyntaxTree& tree, NodeId item, std::string_view trait);
// What an `impl Ord` says of the other comparisons: the impls of PartialOrd, PartialEq and Eq for its type, by its `cmp`.
std::string compared_by_order(const SourceMap& sources, const SyntaxTree& tree, NodeId impl);

}  // namespace stark::resolve
