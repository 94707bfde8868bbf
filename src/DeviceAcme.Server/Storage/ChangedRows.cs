using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// Writes the changed columns of rows that EF follows: one prepared statement for each set of columns, from the same mapping. EF would plan, name and read back
/// each change anew, which costs more than the change does.
/// </summary>
internal static class ChangedRows
{
    /// <summary>Columns that a set of them can name by a bit.</summary>
    private const int MostColumns = 64;

    /// <summary>What is made from a model once.</summary>
    private static readonly ConditionalWeakTable<IModel, ConcurrentDictionary<(IEntityType, ulong), Statement>> _statements = [];

    /// <summary>Updates at once, in the transaction of the writer's context; EF is told by the caller (<see cref="ChangeTracker.AcceptAllChanges"/>).</summary>
    /// <param name="context">The writer's.</param>
    /// <param name="changed">Followed rows whose state is <see cref="EntityState.Modified"/>.</param>
    /// <exception cref="DbUpdateConcurrencyException">A row is gone, or has another version: whoever writes holds the store's only turn, so this is a mistake of ours.</exception>
    public static void WriteChanges(this AcmeContext context, IReadOnlyList<EntityEntry> changed)
    {
        if (changed.Count == 0)
        {
            return;
        }

        var (connection, transaction) = (context.Database.GetDbConnection(), context.Database.CurrentTransaction!.GetDbTransaction());
        if (connection.CanCreateBatch)
        {
            WriteTogether(context.Model, connection, transaction, changed);
        }
        else
        {
            foreach (var entry in changed)
            {
                var statement = StatementOf(context.Model, entry);
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = statement.Text;
                statement.Fill(command.CreateParameter, command.Parameters, entry);
                RequireOne(command.ExecuteNonQuery(), entry);
            }
        }
    }

    private static void WriteTogether(IModel model, DbConnection connection, DbTransaction transaction, IReadOnlyList<EntityEntry> changed)
    {
        using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var entry in changed)
        {
            var statement = StatementOf(model, entry);
            var command = batch.CreateBatchCommand();
            command.CommandText = statement.Text;
            statement.Fill(command.CreateParameter, command.Parameters, entry);
            batch.BatchCommands.Add(command);
        }

        batch.ExecuteNonQuery();
        for (var i = 0; i < changed.Count; i++)
        {
            RequireOne(batch.BatchCommands[i].RecordsAffected, changed[i]);
        }
    }

    private static void RequireOne(int rows, EntityEntry entry)
    {
        if (rows != 1)
        {
            throw new DbUpdateConcurrencyException($"{entry.Metadata.GetTableName()}: {rows} rows were changed where it should have been one; the row is gone, or somebody changed it meanwhile");
        }
    }

    private static Statement StatementOf(IModel model, EntityEntry entry)
    {
        var columns = 0UL;
        foreach (var property in entry.Properties)
        {
            columns |= property.IsModified ? Bit(property.Metadata) : 0;
        }

        return _statements.GetOrCreateValue(model).GetOrAdd((entry.Metadata, columns), key => Statement.Of(key.Item1, key.Item2));
    }

    private static ulong Bit(IProperty column) => 1UL << column.GetIndex();

    /// <summary>How some columns of a row are updated, where it has its key and still the values that guard it (<see cref="IReadOnlyProperty.IsConcurrencyToken"/>).</summary>
    private sealed record Statement(string Text, IReadOnlyList<Parameter> Parameters)
    {
        public static Statement Of(IEntityType type, ulong columns)
        {
            var properties = type.GetProperties().ToList();
            if (properties.Count > MostColumns)
            {
                throw new InvalidOperationException($"{type.DisplayName()} has more than {MostColumns} columns");
            }

            var table = StoreObjectIdentifier.Table(type.GetTableName()!);
            var set = properties.Where(property => (columns & Bit(property)) != 0).Select(property => Parameter.Of(property, table, before: false)).ToList();
            var where = properties.Where(property => property.IsPrimaryKey() || property.IsConcurrencyToken).Select(property => Parameter.Of(property, table, before: true)).ToList();

            // names of tables and columns are those of the mapping
            return new Statement(
                $"UPDATE {table.Name} SET {string.Join(", ", set.Select(one => one.Text))} WHERE {string.Join(" AND ", where.Select(one => one.Text))}",
                [.. set, .. where]);
        }

        public void Fill(Func<DbParameter> make, DbParameterCollection parameters, EntityEntry entry)
        {
            foreach (var one in Parameters)
            {
                var parameter = make();
                parameter.ParameterName = one.Name;
                parameter.Value = one.Of(entry) ?? DBNull.Value;
                parameters.Add(parameter);
            }
        }
    }

    /// <summary>A column with the value that it gets, or with the one that it has.</summary>
    private sealed record Parameter(string Name, string Text, IProperty Property, Func<object?, object?>? Convert, bool Before)
    {
        public static Parameter Of(IProperty property, StoreObjectIdentifier table, bool before)
        {
            var column = property.GetColumnName(table)!;
            var name = before ? $"@before_{column}" : $"@{column}";
            var converter = property.GetTypeMapping().Converter;
            return new Parameter(name, $"{column} = {name}", property, converter?.ConvertToProvider, before);
        }

        public object? Of(EntityEntry entry)
        {
            var property = entry.Property(Property);
            var value = Before ? property.OriginalValue : property.CurrentValue;
            return value is null || Convert is null ? value : Convert(value);
        }
    }
}
