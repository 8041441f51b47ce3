/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar.  Its actions only call the functions of build.h.
 *
 * Statements need no separators, so where a token may either continue an
 * expression or begin the next statement, it continues: the rules that would
 * end the expression there have the precedence END, below all such tokens.
 * Levels of expressions are nonterminals of their own, because after "a in b" a
 * "+" begins a statement though after "a" it would not.
 */
%code requires {
#include "lang/parse_int.h"

/* Where a symbol begins, and where its last token ends. */
struct span {
	struct loc loc;
	uint32_t end;
};

#define YYLLOC_DEFAULT(cur, rhs, n)                                     \
	do {                                                            \
		if (n) {                                                \
			(cur).loc = YYRHSLOC(rhs, 1).loc;               \
			(cur).end = YYRHSLOC(rhs, n).end;               \
		} else {                                                \
			(cur) = YYRHSLOC(rhs, 0);                       \
		}                                                       \
	} while (0)

struct text {
	const char *at;
	uint32_t len;
};

struct foreach_key {
	const char *name;
	struct loc loc;
	enum foreach_sort sort;
};
typedef VEC(struct foreach_key) foreach_keys;

struct sorting {
	enum foreach_sort sort;
	struct loc loc;
	bool has_statop;
	enum statop statop;
};

struct foreach_array {
	struct expr *array;
	expr_vec slice;
	struct sorting sorting;
};
}

%define api.pure full
%define api.prefix {script_}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { struct parser *p }

%union {
	struct text text;
	uint64_t number;
	int64_t value;
	bool flag;
	enum op op;
	enum type type;
	enum foreach_sort sort;
	struct expr *expr;
	struct stmt *stmt;
	struct param param;
	struct foreach_key key;
	struct sorting sorting;
	struct foreach_array foreach_array;
	foreach_keys foreach_keys;
	expr_vec exprs;
	stmt_vec stmts;
	point_vec points;
	param_vec params;
}

%code {
#include "lang/build.h"

static int script_lex(YYSTYPE *value, YYLTYPE *where, struct parser *p);
static void script_error(const YYLTYPE *where, struct parser *p, const char *message);
}

/* What the scanner yields.  Tokens of the preprocessor never reach the grammar. */
%token <text> NAME "identifier" TARGET "$variable" PRETTY "'$'" STRING "string" EMBEDDED "'%{'"
%token <number> NUMBER "number"
%token <text> IF "'if'" IN "'in'" FOR "'for'" TRY "'try'" ELSE "'else'" NEXT "'next'"
%token <text> LONG "'long'" STRING_TYPE "'string'" PROBE "'probe'" WHILE "'while'"
%token <text> BREAK "'break'" CATCH "'catch'" LIMIT "'limit'" GLOBAL "'global'"
%token <text> RETURN "'return'" DELETE "'delete'" PRIVATE "'private'" FOREACH "'foreach'"
%token <text> FUNCTION "'function'" CONTINUE "'continue'"
%token <text> PRINT "'print'" PRINTF "'printf'" PRINTD "'printd'"
%token <text> STATOP "statistical operation" HIST_LOG_OP "'@hist_log'" HIST_LINEAR_OP "'@hist_linear'"
%token <text> CAST "'@cast'" VAR "'@var'" DEFINED "'@defined'" ENTRY "'@entry'" PERF "'@perf'"
%token <text> CONST "'@const'" INTERNAL "operator"
%token STAT "'<<<'" SHL_ASSIGN "'<<='" SHR_ASSIGN "'>>='"
%token ADD_ASSIGN "'+='" SUB_ASSIGN "'-='" MUL_ASSIGN "'*='" DIV_ASSIGN "'/='" MOD_ASSIGN "'%='"
%token AND_ASSIGN "'&='" OR_ASSIGN "'|='" XOR_ASSIGN "'^='" CONCAT_ASSIGN "'.='"
%token LAND "'&&'" LOR "'||'" INC "'++'" DEC "'--'" ARROW "'->'"
%token EQ "'=='" NE "'!='" LE "'<='" GE "'>='" MATCH "'=~'" NOMATCH "'!~'"
%token SHL "'<<'" SHR "'>>'" USHR "'>>>'"
%token PP_OPEN "'%('" PP_THEN "'%?'" PP_ELSE "'%:'" PP_CLOSE "'%)'" PP_DEFINE "'@define'"
%token <text> AT_WORD "macro" JUNK "junk"

%precedence END
%precedence ELSE ';' '+' '-' '&' '(' '[' ')' INC DEC
%precedence NAME TARGET PRETTY STRING NUMBER EMBEDDED PRINT PRINTF PRINTD '!' '~' STATOP
%precedence HIST_LOG_OP HIST_LINEAR_OP CAST VAR DEFINED ENTRY PERF CONST INTERNAL

%type <text> name member member_keyword print_word piece component
%type <value> signed_number
%type <flag> wrap
%type <op> assign_op compare_op shift_op
%type <type> type_opt type
%type <sort> sort_opt sort
%type <expr> expr ternary lor land bor bxor band membership comparison ordering shift concat sum product
%type <expr> unary crement deref primary literal print hist condition_opt limit_opt init_opt array
%type <expr> expr_opt key plain_key array_size
%type <exprs> args args_opt keys plain_keys
%type <stmt> stmt block epilogue
%type <stmts> stmts
%type <points> points point names dotted dotted_part
%type <value> suffix
%type <params> params param_list
%type <param> param
%type <value> priority
%type <key> foreach_key
%type <foreach_keys> foreach_key_list foreach_keys
%type <foreach_array> foreach_array
%type <stmt> foreach_head
%type <sorting> sorting

%%

script:
	%empty
|	script decl
;

decl:
	PROBE { yyerrok; build_decl_start(p, false, false); } names points block epilogue
		{ build_probe(p, @PROBE.loc, $names, $points, $block, @epilogue.loc, $epilogue); }
|	FUNCTION { yyerrok; build_decl_start(p, false, true); } function
|	PRIVATE FUNCTION { yyerrok; build_decl_start(p, true, true); } function
|	GLOBAL { yyerrok; build_decl_start(p, false, false); } globals semicolon
|	PRIVATE GLOBAL { yyerrok; build_decl_start(p, true, false); } globals semicolon
|	PRIVATE { build_decl_start(p, true, false); } globals semicolon
|	EMBEDDED { build_top_embedded(p, @1.loc, $1); }
|	error
;

semicolon:
	%empty %prec END
|	';'
;

/* ---- probes ---- */

/* "a = b += ": the names of an alias; the last operator says of which kind it is. */
names:
	%empty { $$ = (point_vec){ 0 }; }
|	names points '=' { $$ = build_alias_name(p, @2.loc, $1, $2, false); }
|	names points ADD_ASSIGN { $$ = build_alias_name(p, @2.loc, $1, $2, true); }
;

/* Of an alias with "=": what goes behind the user's handler. */
epilogue:
	%empty { $$ = NULL; }
|	',' block { $$ = $block; }
;

points:
	point
|	points ',' point { $$ = build_join_points(p, @3.loc, $1, $3); }
;

/* One, or what one with {a,b} stands for. */
point:
	dotted suffix condition_opt { $$ = build_suffix(p, @2.loc, $1, $suffix, $condition_opt); }
;

suffix:
	%empty { $$ = 0; }
|	'?' { $$ = '?'; }
|	'!' { $$ = '!'; }
;

condition_opt:
	%empty { $$ = NULL; }
|	IF '(' expr ')' { $$ = $expr; }
;

dotted:
	dotted_part
|	dotted '.' dotted_part { $$ = build_cross_points(p, @3.loc, $1, $3); }
;

dotted_part:
	component { $$ = build_part(p, @1.loc, $1, NULL); }
|	component '(' literal ')' { $$ = build_part(p, @1.loc, $1, $literal); }
|	'{' points '}' { $$ = $points; }
;

/* "sys*64": pieces that touch each other. */
component:
	piece
|	member_keyword
|	component piece { $$ = build_name_piece(p, &@1, $1, &@2, $2); }
;

piece:
	NAME
|	TARGET
|	print_word
|	'*' { $$ = (struct text){ "*", 1 }; }
;

literal:
	NUMBER { $$ = build_number(p, @1.loc, $1); }
|	'-' NUMBER { $$ = build_negative(p, @1.loc, $2); }
|	STRING { $$ = build_string(p, @1.loc, $1); }
;

/* ---- functions ---- */

function:
	name type_opt '(' params ')' priority block
		{ build_function(p, @1.loc, $1, $2, $4, $6, $7); }
|	name type_opt '(' params ')' priority EMBEDDED
		{ build_function(p, @1.loc, $1, $2, $4, $6, build_function_embedded(p, @7.loc, $7)); }
;

params:
	%empty { $$ = (param_vec){ 0 }; }
|	param_list
|	param_list ','
;

param_list:
	param { $$ = build_params(p, (param_vec){ 0 }, $1); }
|	param_list ',' param { $$ = build_params(p, $1, $3); }
;

param:
	name type_opt
		{ $$ = (struct param){ .name = $1.at, .type = $2, .loc = @1.loc }; }
;

type_opt:
	%empty { $$ = TY_UNKNOWN; }
|	':' type { $$ = $2; }
;

type:
	LONG { $$ = TY_LONG; }
|	STRING_TYPE { $$ = TY_STRING; }
;

/* 0: none given */
priority:
	%empty { $$ = 0; }
|	':' signed_number { $$ = build_priority(p, @2.loc, $2); }
;

/* ---- globals ---- */

globals:
	global
|	globals ',' global
;

global:
	name wrap array_size init_opt { build_global(p, @1.loc, $1, $2, $3, @4.loc, $4); }
;

wrap:
	%empty { $$ = false; }
|	'%' { $$ = true; }
;

array_size:
	%empty { $$ = NULL; }
|	'[' signed_number ']' { $$ = build_array_size(p, @2.loc, $2); }
;

init_opt:
	%empty { $$ = NULL; }
|	'=' literal { $$ = $2; }
;

signed_number:
	NUMBER { $$ = (int64_t)$1; }
|	'-' NUMBER { $$ = (int64_t)-$2; }
;

/* ---- statements ---- */

block:
	'{' stmts '}' { $$ = build_block(p, @1.loc, $2, @3.loc); }
|	'{' stmts error '}' { $$ = build_block(p, @1.loc, $2, @4.loc); }
;

stmts:
	%empty { $$ = (stmt_vec){ 0 }; }
|	stmts stmt { $$ = build_stmts(p, $1, $2); }
|	stmts error ';' { $$ = $1; }
;

stmt:
	';' { $$ = build_simple(p, STMT_NULL, @1.loc); }
|	block
|	expr %prec END { $$ = build_expr_stmt(p, @1.loc, $1); }
|	IF '(' expr ')' stmt then_end { $$ = build_if(p, @1.loc, $3, $5, NULL); }
|	IF '(' expr ')' stmt ELSE stmt { $$ = build_if(p, @1.loc, $3, $5, $7); }
|	IF '(' expr ')' stmt ';' ELSE stmt
		{ build_semicolon(p, @7.loc, $5); $$ = build_if(p, @1.loc, $3, $5, $8); }
|	WHILE '(' expr ')' stmt { $$ = build_loop(p, STMT_WHILE, @1.loc, NULL, $3, NULL, $5); }
|	FOR '(' expr_opt ';' expr_opt ';' expr_opt ')' stmt
		{ $$ = build_loop(p, STMT_FOR, @1.loc, $3, $5, $7, $9); }
|	foreach_head stmt { $$ = build_foreach(p, $1, $2); }
|	TRY block CATCH block { $$ = build_try(p, @1.loc, $2, NULL, $4); }
|	TRY block CATCH '(' name ')' block
		{ $$ = build_try(p, @1.loc, $2, build_symbol(p, @5.loc, $5), $7); }
|	RETURN expr %prec END { $$ = build_return(p, @1.loc, $2); }
|	RETURN %prec END { $$ = build_bare_return(p, @1.loc, yychar == ';' || yychar == '}'); }
|	DELETE expr %prec END { $$ = build_delete(p, @1.loc, $2); }
|	NEXT { $$ = build_simple(p, STMT_NEXT, @1.loc); }
|	BREAK { $$ = build_simple(p, STMT_BREAK, @1.loc); }
|	CONTINUE { $$ = build_simple(p, STMT_CONTINUE, @1.loc); }
;

then_end:
	%empty %prec END
|	';' %prec END
;

expr_opt:
	%empty { $$ = NULL; }
|	expr
;

foreach_head:
	FOREACH '(' foreach_keys IN foreach_array limit_opt ')'
		{ $$ = build_foreach_head(p, @1.loc, NULL, $3, $5, $6); }
|	FOREACH '(' foreach_key '=' foreach_keys IN foreach_array limit_opt ')'
		{ $$ = build_foreach_head(p, @1.loc, &$3, $5, $7, $8); }
;

foreach_keys:
	foreach_key { $$ = build_foreach_keys(p, (foreach_keys){ 0 }, $1); }
|	'[' foreach_key_list ']' { $$ = $2; }
;

foreach_key_list:
	foreach_key { $$ = build_foreach_keys(p, (foreach_keys){ 0 }, $1); }
|	foreach_key_list ',' foreach_key { $$ = build_foreach_keys(p, $1, $3); }
;

foreach_key:
	name sort_opt { $$ = (struct foreach_key){ $1.at, @1.loc, $2 }; }
;

foreach_array:
	name sorting { $$ = (struct foreach_array){ .array = build_symbol(p, @1.loc, $1), .sorting = $2 }; }
|	name '[' keys ']' sorting
		{ $$ = (struct foreach_array){ build_symbol(p, @1.loc, $1), $3, $5 }; }
|	hist sorting { $$ = (struct foreach_array){ .array = $1, .sorting = $2 }; }
;

sorting:
	sort_opt { $$ = (struct sorting){ .sort = $1, .loc = @1.loc }; }
|	STATOP sort { $$ = build_sorting(@2.loc, $1, $2); }
;

sort_opt:
	%empty { $$ = SORT_NONE; }
|	sort
;

sort:
	'+' { $$ = SORT_UP; }
|	'-' { $$ = SORT_DOWN; }
;

limit_opt:
	%empty { $$ = NULL; }
|	LIMIT expr { $$ = $2; }
;

/* ---- expressions, loosest first ---- */

expr:
	ternary %prec END
|	ternary assign_op expr { $$ = build_assign(p, @2.loc, $2, $1, $3); }
;

assign_op:
	'=' { $$ = OP_NONE; }
|	ADD_ASSIGN { $$ = OP_ADD; }
|	SUB_ASSIGN { $$ = OP_SUB; }
|	MUL_ASSIGN { $$ = OP_MUL; }
|	DIV_ASSIGN { $$ = OP_DIV; }
|	MOD_ASSIGN { $$ = OP_MOD; }
|	AND_ASSIGN { $$ = OP_AND; }
|	OR_ASSIGN { $$ = OP_OR; }
|	XOR_ASSIGN { $$ = OP_XOR; }
|	SHL_ASSIGN { $$ = OP_SHL; }
|	SHR_ASSIGN { $$ = OP_SHR; }
|	CONCAT_ASSIGN { $$ = OP_CONCAT; }
|	STAT { $$ = OP_STAT; }
;

ternary:
	lor %prec END
|	lor '?' expr ':' ternary { $$ = build_ternary(p, @2.loc, $1, $3, $5); }
;

lor:
	land %prec END
|	lor LOR land { $$ = build_binary(p, EXPR_LOGICAL, @2.loc, OP_LOR, $1, $3); }
;

land:
	bor %prec END
|	land LAND bor { $$ = build_binary(p, EXPR_LOGICAL, @2.loc, OP_LAND, $1, $3); }
;

bor:
	bxor %prec END
|	bor '|' bxor { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_OR, $1, $3); }
;

bxor:
	band %prec END
|	bxor '^' band %prec END { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_XOR, $1, $3); }
;

band:
	membership %prec END
|	band '&' membership { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_AND, $1, $3); }
;

membership:
	comparison %prec END
|	comparison IN array { $$ = build_in(p, @2.loc, build_keys(p, (expr_vec){ 0 }, $1), $3); }
|	'[' plain_keys ']' IN array { $$ = build_in(p, @4.loc, $2, $5); }
|	'[' plain_keys ']' %prec END { $$ = build_tuple(p, @1.loc, $2); }
;

array:
	name { $$ = build_symbol(p, @1.loc, $1); }
|	hist
;

comparison:
	ordering %prec END
|	shift MATCH STRING { $$ = build_regex(p, @2.loc, OP_MATCH, $1, @3.loc, $3); }
|	shift NOMATCH STRING { $$ = build_regex(p, @2.loc, OP_NOMATCH, $1, @3.loc, $3); }
;

ordering:
	shift %prec END
|	ordering compare_op shift { $$ = build_binary(p, EXPR_COMPARE, @2.loc, $2, $1, $3); }
;

compare_op:
	EQ { $$ = OP_EQ; }
|	NE { $$ = OP_NE; }
|	'<' { $$ = OP_LT; }
|	LE { $$ = OP_LE; }
|	'>' { $$ = OP_GT; }
|	GE { $$ = OP_GE; }
;

shift:
	concat %prec END
|	shift shift_op concat { $$ = build_binary(p, EXPR_BINARY, @2.loc, $2, $1, $3); }
;

shift_op:
	SHL { $$ = OP_SHL; }
|	SHR { $$ = OP_SHR; }
|	USHR { $$ = OP_USHR; }
;

concat:
	sum %prec END
|	concat '.' sum %prec END { $$ = build_binary(p, EXPR_CONCAT, @2.loc, OP_CONCAT, $1, $3); }
;

sum:
	product %prec END
|	sum '+' product { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_ADD, $1, $3); }
|	sum '-' product { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_SUB, $1, $3); }
;

product:
	unary
|	product '*' unary { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_MUL, $1, $3); }
|	product '/' unary { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_DIV, $1, $3); }
|	product '%' unary { $$ = build_binary(p, EXPR_BINARY, @2.loc, OP_MOD, $1, $3); }
;

unary:
	crement
|	'&' deref %prec END { $$ = build_address(p, @1.loc, $2); }
|	'-' unary { $$ = build_unary(p, @1.loc, OP_NEG, $2); }
|	'+' unary { $$ = build_unary(p, @1.loc, OP_PLUS, $2); }
|	'!' unary { $$ = build_unary(p, @1.loc, OP_NOT, $2); }
|	'~' unary { $$ = build_unary(p, @1.loc, OP_COMPL, $2); }
;

crement:
	deref %prec END
|	deref INC { $$ = build_incdec(p, @2.loc, OP_INC, true, $1); }
|	deref DEC { $$ = build_incdec(p, @2.loc, OP_DEC, true, $1); }
|	INC deref %prec END { $$ = build_incdec(p, @1.loc, OP_INC, false, $2); }
|	DEC deref %prec END { $$ = build_incdec(p, @1.loc, OP_DEC, false, $2); }
;

/* What may be followed by ->member, [index] and $. */
deref:
	primary %prec END
|	deref ARROW member { $$ = build_member(p, @3.loc, $1, $3); }
|	deref '[' expr ']' { $$ = build_element(p, @2.loc, $1, $3); }
|	deref PRETTY { $$ = build_pretty(p, @2.loc, $1, $2); }
;

primary:
	NUMBER { $$ = build_number(p, @1.loc, $1); }
|	STRING { $$ = build_string(p, @1.loc, $1); }
|	NAME %prec END { $$ = build_symbol(p, @1.loc, $1); }
|	NAME '(' args_opt ')' { $$ = build_call(p, @1.loc, $1, $3); }
|	NAME '[' keys ']' { $$ = build_index(p, @1.loc, $1, $3); }
|	TARGET { $$ = build_target(p, @1.loc, $1); }
|	PRETTY { $$ = build_target(p, @1.loc, $1); }
|	'(' expr ')' { $$ = $2; }
|	EMBEDDED { $$ = build_embedded(p, @1.loc, $1); }
|	print
|	STATOP '(' expr ')' { $$ = build_statop(p, @1.loc, $1, $3, @1.loc, NULL); }
|	STATOP '(' expr ',' signed_number ')' { $$ = build_statop(p, @1.loc, $1, $3, @4.loc, &$5); }
|	hist '[' expr ']' { $$ = build_bucket(p, $1, $3); }
|	hist %prec END { $$ = build_bare_hist(p, $1); }
|	CAST '(' expr ',' STRING ')' { $$ = build_cast(p, @1.loc, $3, $5, NULL); }
|	CAST '(' expr ',' STRING ',' STRING ')' { $$ = build_cast(p, @1.loc, $3, $5, $7.at); }
|	VAR '(' STRING ')' { $$ = build_at_var(p, @1.loc, $3, NULL); }
|	VAR '(' STRING ',' STRING ')' { $$ = build_at_var(p, @1.loc, $3, $5.at); }
|	DEFINED '(' expr ')' { $$ = build_defined(p, @1.loc, $3); }
|	ENTRY '(' expr ')' { $$ = build_entry(p, @1.loc, $3); }
|	PERF '(' STRING ')' { $$ = build_perf(p, @1.loc, $3); }
|	CONST '(' STRING ')' { $$ = build_const(p, @1.loc, $3); }
|	INTERNAL '(' args ')' { $$ = build_internal(p, @1.loc, $1, $3); }
;

hist:
	HIST_LOG_OP '(' expr ')' { $$ = build_hist_log(p, @1.loc, $3); }
|	HIST_LINEAR_OP '(' expr ',' signed_number ',' signed_number ',' signed_number ')'
		{ $$ = build_hist_linear(p, @1.loc, $3, $5, $7, $9); }
;

print:
	PRINT '(' args_opt ')' { $$ = build_print(p, @1.loc, $1, $3); }
|	PRINT '(' hist ')' { $$ = build_print_hist(p, @1.loc, $1, $3); }
|	PRINTF '(' STRING ')' { $$ = build_printf(p, @1.loc, $1, @3.loc, $3, (expr_vec){ 0 }); }
|	PRINTF '(' STRING ',' args ')' { $$ = build_printf(p, @1.loc, $1, @3.loc, $3, $5); }
|	PRINTD '(' STRING ',' args ')' { $$ = build_printd(p, @1.loc, $1, $3, $5); }
;

args_opt:
	%empty { $$ = (expr_vec){ 0 }; }
|	args
;

args:
	expr { $$ = build_args(p, (expr_vec){ 0 }, $1); }
|	args ',' expr { $$ = build_args(p, $1, $3); }
;

/* NULL stands for "*". */
keys:
	key { $$ = build_keys(p, (expr_vec){ 0 }, $1); }
|	keys ',' key { $$ = build_keys(p, $1, $3); }
;

key:
	expr
|	'*' { $$ = NULL; }
;

/* Before "in": nothing looser than a comparison. */
plain_keys:
	plain_key { $$ = build_keys(p, (expr_vec){ 0 }, $1); }
|	plain_keys ',' plain_key { $$ = build_keys(p, $1, $3); }
;

plain_key:
	comparison
|	'*' { $$ = NULL; }
;

/* ---- names ---- */

name:
	NAME
|	print_word
;

print_word:
	PRINT
|	PRINTF
|	PRINTD
;

/* Any keyword may name a member or a part of a probe point. */
member:
	NAME
|	PRETTY
|	print_word
|	member_keyword
;

member_keyword:
	IF | IN | FOR | TRY | ELSE | NEXT | LONG | STRING_TYPE | PROBE | WHILE | BREAK | CATCH
|	LIMIT | GLOBAL | RETURN | DELETE | PRIVATE | FOREACH | FUNCTION | CONTINUE
;

%%

static int script_lex(YYSTYPE *value, YYLTYPE *where, struct parser *p)
{
	struct token t = pp_next(p->pp, &where->loc);

	where->end = where->loc.offset + (t.end - t.offset);
	if (t.kind == NUMBER)
		value->number = t.number;
	else
		value->text = (struct text){ t.text, t.len };
	return t.kind;
}

/* Memory: the stack of the parser has reached its bound. */
static void script_error(const YYLTYPE *where, struct parser *p, const char *message)
{
	(void)message;
	build_too_deep(p, where->loc);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
	enum { MAX_EXPECTED = YYNTOKENS };
	yysymbol_kind_t expected[MAX_EXPECTED];
	int n = yypcontext_expected_tokens(context, expected, MAX_EXPECTED);
	const char *names[MAX_EXPECTED];

	for (int i = 0; i < n; i++)
		names[i] = yysymbol_name(expected[i]);
	build_syntax_error(p, yypcontext_location(context)->loc, names, n);
	return 0;
}
