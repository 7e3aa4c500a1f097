// Usage: groovy steps.groovy Jenkinsfile
//
// Parses the Jenkinsfile with the Groovy compiler, and checks that it contains the sections of a
// declarative pipeline. Prints its stages, shell steps and credentials, one per line:
//
//   stage <tab> NAME        step <tab> COMMAND        credential <tab> ID
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.builder.AstBuilder
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.control.CompilePhase

def nodes = new AstBuilder().buildFromString(CompilePhase.CONVERSION, true, new File(args[0]).text)
def calls = [] as Set

class Steps extends CodeVisitorSupport {
    Set calls
    void visitMethodCallExpression(MethodCallExpression call) {
        def name = call.methodAsString
        calls << name
        def first = call.arguments instanceof TupleExpression && call.arguments.expressions ? call.arguments.expressions[0] : null
        if (name == 'sh') {
            if (!(first instanceof ConstantExpression)) {
                throw new IllegalStateException("line ${call.lineNumber}: a shell step must be a constant; an interpolated string can leak secrets")
            }
            println "step\t${first.value}"
        } else if (name == 'stage' && first instanceof ConstantExpression) {
            println "stage\t${first.value}"
        } else if (name == 'credentials') {
            println "credential\t${first.value}"
        }
        super.visitMethodCallExpression(call)
    }
    void visitMapEntryExpression(MapEntryExpression entry) {
        if (entry.keyExpression.text == 'credentialsId') println "credential\t${entry.valueExpression.text}"
        super.visitMapEntryExpression(entry)
    }
}
nodes[0].visit(new Steps(calls: calls))
for (section in ['pipeline', 'agent', 'triggers', 'options', 'environment', 'stages', 'steps', 'post', 'githubPush', 'junit', 'recordCoverage', 'unsuccessful']) {
    if (!(section in calls)) throw new IllegalStateException("the pipeline does not contain ${section}")
}
