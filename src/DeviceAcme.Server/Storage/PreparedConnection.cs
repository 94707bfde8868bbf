using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// A SQLite connection that keeps its statements prepared. Whoever makes a command for each use, as EF does, would otherwise have SQLite parse and plan
/// the same text again and again, which costs more than most of these statements do.
/// </summary>
internal sealed class PreparedConnection(string connectionString) : SqliteConnection(connectionString)
{
    /// <summary>Texts are few, because values are parameters; only lists of values make more of them.</summary>
    private const int MostKept = 256;

    private readonly Dictionary<string, SqliteCommand> _idle = new(StringComparer.Ordinal);

    public override SqliteCommand CreateCommand() => new PreparedCommand(this) { Connection = this, Transaction = Transaction, CommandTimeout = DefaultTimeout };

    public override void Close()
    {
        // ends the statements of all commands
        base.Close();
        _idle.Clear();
    }

    protected override DbCommand CreateDbCommand() => CreateCommand();

    private SqliteCommand Take(string text) => _idle.Remove(text, out var kept) ? kept : new SqliteCommand(text, this);

    private void GiveBack(SqliteCommand command)
    {
        if (State != ConnectionState.Open || _idle.Count >= MostKept || !_idle.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    /// <summary>A command whose statement is lent by the connection.</summary>
    private sealed class PreparedCommand(PreparedConnection connection) : SqliteCommand
    {
        private SqliteCommand? _lent;
        private SqliteDataReader? _reader;

        public override SqliteDataReader ExecuteReader(CommandBehavior behavior)
        {
            if (_lent is not null && _lent.CommandText != CommandText)
            {
                Return();
            }

            _lent ??= connection.Take(CommandText);
            _lent.Transaction = Transaction;
            _lent.CommandTimeout = CommandTimeout;
            _lent.Parameters.Clear();
            foreach (SqliteParameter parameter in Parameters)
            {
                _lent.Parameters.Add(parameter);
            }

            return _reader = _lent.ExecuteReader(behavior);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Return();
            }

            base.Dispose(disposing);
        }

        private void Return()
        {
            if (_lent is null)
            {
                return;
            }

            if (_reader?.IsClosed == true)
            {
                // what was bound belongs to whoever is done with it
                _lent.Parameters.Clear();
                connection.GiveBack(_lent);
            }
            else
            {
                // it failed, or somebody still reads
                _lent.Dispose();
            }

            (_lent, _reader) = (null, null);
        }
    }
}
