/**
 * A copy of the sources that counts where it goes, for coverage-guided fuzzing.
 *
 * The compiler's own transformer puts a counter at every branch, hands both sides of every comparison
 * to the feedback (so that a magic number is found digit by digit) and counts the bytes of every typed
 * array. The copy runs in the same runtime as the original: what is found there is true here.
 */
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { Feedback } from "./feedback.ts";

/** What is made by {@link instrument}. */
export interface Instrumented {
  /** The folder with the copy: import from here. */
  folder: string;
  feedback: Feedback;
  /** Texts and numbers that the counted sources compare with: words for the mutations. */
  words: Uint8Array[];
}

/** Where the counted sources find the feedback. */
const GLOBAL = "__fuzz";
const COMPARISONS: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "same"],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "differs"],
  [ts.SyntaxKind.LessThanToken, "less"],
  [ts.SyntaxKind.GreaterThanToken, "more"],
  [ts.SyntaxKind.LessThanEqualsToken, "most"],
  [ts.SyntaxKind.GreaterThanEqualsToken, "least"],
]);
const SHORT_CUTS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);
const ARRAYS: ReadonlySet<string> = new Set(["Uint8Array", "ArrayBuffer"]);

/**
 * Copies every source below `root/rooms` to `folder`, those that `counted` names with counters.
 * @param counted paths relative to `root`, or beginnings of such paths that end in `/`
 */
export function instrument(
  options: { root: string; rooms: readonly string[]; counted: readonly string[]; folder: string },
): Instrumented {
  const { root, rooms, counted, folder } = options;
  const ids = { places: 0, comparisons: 0 };
  const words = new Set<string>();
  const isCounted = (path: string) =>
    counted.some((one) => one.endsWith("/") ? path.startsWith(one) : path === one);
  for (const path of rooms.flatMap((room) => sources(join(root, room)))) {
    const name = relative(root, path);
    const text = Deno.readTextFileSync(path);
    const to = join(folder, name);
    Deno.mkdirSync(dirname(to), { recursive: true });
    Deno.writeTextFileSync(to, isCounted(name) ? counting(text, ids, words) : text);
  }
  const feedback = new Feedback(ids.places, ids.comparisons);
  (globalThis as Record<string, unknown>)[GLOBAL] = feedback;
  const encoder = new TextEncoder();
  return { folder, feedback, words: [...words].sort().map((word) => encoder.encode(word)) };
}

function sources(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return sources(path);
    return path.endsWith(".ts") && !path.endsWith("_test.ts") ? [path] : [];
  });
}

function counting(
  text: string,
  ids: { places: number; comparisons: number },
  words: Set<string>,
): string {
  const transformed = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
    transformers: { before: [(context) => (file) => transform(file, context, ids, words)] },
  });
  return `const __f = globalThis.${GLOBAL}, __h = __f.hits;\n${transformed.outputText}`;
}

function transform(
  file: ts.SourceFile,
  context: ts.TransformationContext,
  ids: { places: number; comparisons: number },
  words: Set<string>,
): ts.SourceFile {
  const { factory } = context;
  const name = (text: string) => factory.createIdentifier(text);
  const mark = (): ts.Expression =>
    factory.createPostfixIncrement(
      factory.createElementAccessExpression(name("__h"), ids.places++),
    );
  const marked = (expression: ts.Expression): ts.Expression =>
    factory.createParenthesizedExpression(factory.createComma(mark(), expression));
  const markStatement = () => factory.createExpressionStatement(mark());
  const block = (statement: ts.Statement | undefined): ts.Block =>
    factory.createBlock([
      markStatement(),
      ...statement === undefined ? [] : ts.isBlock(statement) ? statement.statements : [statement],
    ], true);
  const collect = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && node.text.length > 0 && node.text.length <= 32) {
      words.add(node.text);
    }
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) words.add(node.name.text);
  };
  const visit = (node: ts.Node): ts.Node => {
    // What exists for the compiler alone stays as it is.
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isImportDeclaration(node)) {
      return node;
    }
    collect(node);
    const seen = ts.visitEachChild(node, visit, context);
    if (
      ts.isBlock(seen) && ts.isFunctionLike(node.parent) &&
      !ts.isConstructorDeclaration(node.parent)
    ) {
      return block(seen);
    }
    if (ts.isArrowFunction(seen) && !ts.isBlock(seen.body)) {
      const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken, body } = seen;
      return factory.updateArrowFunction(
        seen,
        modifiers,
        typeParameters,
        parameters,
        type,
        equalsGreaterThanToken,
        marked(body as ts.Expression),
      );
    }
    if (ts.isIfStatement(seen)) {
      const { expression, thenStatement, elseStatement } = seen;
      return factory.updateIfStatement(
        seen,
        expression,
        block(thenStatement),
        block(elseStatement),
      );
    }
    if (ts.isWhileStatement(seen)) {
      return factory.updateWhileStatement(seen, seen.expression, block(seen.statement));
    }
    if (ts.isForStatement(seen)) {
      const { initializer, condition, incrementor, statement } = seen;
      return factory.updateForStatement(
        seen,
        initializer,
        condition,
        incrementor,
        block(statement),
      );
    }
    if (ts.isForOfStatement(seen)) {
      const { awaitModifier, initializer, expression, statement } = seen;
      return factory.updateForOfStatement(
        seen,
        awaitModifier,
        initializer,
        expression,
        block(statement),
      );
    }
    if (ts.isConditionalExpression(seen)) {
      const { condition, questionToken, whenTrue, colonToken, whenFalse } = seen;
      return factory.updateConditionalExpression(
        seen,
        condition,
        questionToken,
        marked(whenTrue),
        colonToken,
        marked(whenFalse),
      );
    }
    if (ts.isCaseClause(seen)) {
      return factory.updateCaseClause(seen, seen.expression, [markStatement(), ...seen.statements]);
    }
    if (ts.isCatchClause(seen)) {
      return factory.updateCatchClause(seen, seen.variableDeclaration, block(seen.block));
    }
    if (ts.isBinaryExpression(seen)) {
      const operator = seen.operatorToken.kind;
      if (SHORT_CUTS.has(operator)) {
        return factory.updateBinaryExpression(
          seen,
          seen.left,
          seen.operatorToken,
          marked(seen.right),
        );
      }
      const comparison = COMPARISONS.get(operator);
      if (comparison !== undefined) {
        return factory.createCallExpression(
          factory.createPropertyAccessExpression(name("__f"), comparison),
          undefined,
          [factory.createNumericLiteral(ids.comparisons++), seen.left, seen.right],
        );
      }
    }
    if (
      ts.isNewExpression(seen) && ts.isIdentifier(seen.expression) &&
      ARRAYS.has(seen.expression.text)
    ) {
      return factory.createCallExpression(
        factory.createPropertyAccessExpression(name("__f"), "made"),
        undefined,
        [seen],
      );
    }
    return seen;
  };
  return ts.visitNode(file, visit) as ts.SourceFile;
}
