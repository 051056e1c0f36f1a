// tests/bench/programs/binary_trees.c — allocation: trees of all depths up to n are built, counted and freed.
// Room: tests. In: n. Out: nodes in all trees, and in one that lives through all of it.
#include <stdio.h>
#include <stdlib.h>

typedef struct Tree {
  struct Tree *left, *right;
} Tree;

static Tree* build(long depth) {
  Tree* tree = malloc(sizeof *tree);
  tree->left = depth == 0 ? NULL : build(depth - 1);
  tree->right = depth == 0 ? NULL : build(depth - 1);
  return tree;
}

static long count(const Tree* tree) {
  return 1 + (tree->left != NULL ? count(tree->left) : 0) + (tree->right != NULL ? count(tree->right) : 0);
}

static void end(Tree* tree) {
  if (tree->left != NULL) end(tree->left);
  if (tree->right != NULL) end(tree->right);
  free(tree);
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 16;
  Tree* lasting = build(n);
  long total = 0;
  for (long depth = 4; depth <= n; depth += 4) {
    const long trees = 1L << (n - depth + 4);
    for (long i = 0; i < trees; ++i) {
      Tree* tree = build(depth);
      total += count(tree);
      end(tree);
    }
  }
  printf("%ld %ld\n", total, count(lasting));
  return 0;
}
