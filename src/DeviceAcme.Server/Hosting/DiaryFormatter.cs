using DeviceAcme.Core.Tickets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DeviceAcme.Server.Hosting;

/// <summary>
/// Log lines as an operator reads them: time, level, what happened, and our own scopes; where it was logged only for what went wrong. Codes of
/// tickets stand in URLs, which the framework logs too: they are taken out here, of every line.
/// </summary>
internal sealed class DiaryFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "diary";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter writer)
    {
        writer.Write($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {Level(entry.LogLevel)} ");
        scopes?.ForEachScope(static (scope, writer) =>
        {
            // The framework's scopes repeat the connection and the path on every line.
            if (scope is not null && scope.GetType().Namespace?.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) != true)
            {
                writer.Write($"[{scope}] ");
            }
        }, writer);

        // What a client sent must not begin a line of its own.
        writer.Write(TicketCode.Redact(entry.Formatter(entry.State, entry.Exception)).ReplaceLineEndings(" "));
        writer.WriteLine(entry.LogLevel >= LogLevel.Warning ? $" ({entry.Category})" : "");
        if (entry.Exception is not null)
        {
            writer.WriteLine(TicketCode.Redact(entry.Exception.ToString()));
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "critical",
        LogLevel.Error => "error   ",
        LogLevel.Warning => "warning ",
        LogLevel.Information => "info    ",
        _ => "debug   ",
    };
}
