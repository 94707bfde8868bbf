using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAcme.Server.Storage;

/// <summary>Adds rows that nobody changes any more in the same change: one prepared statement from the same mapping, without following each row as an entity.</summary>
internal static class ManyRows
{
    /// <summary>Rows that are sent at once where the database is elsewhere.</summary>
    private const int BatchSize = 500;

    /// <summary>What is made from a model once.</summary>
    private static readonly ConditionalWeakTable<IModel, ConcurrentDictionary<Type, Shape>> _shapes = [];

    /// <summary>Inserts at once, in the transaction of the writer's context.</summary>
    public static void AddMany<T>(this AcmeContext context, IReadOnlyCollection<T> rows)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        var (connection, transaction) = (context.Database.GetDbConnection(), context.Database.CurrentTransaction!.GetDbTransaction());
        if (connection.CanCreateBatch)
        {
            foreach (var some in rows.Chunk(BatchSize))
            {
                AddBatch(context.Model, connection, transaction, some);
            }

            return;
        }

        foreach (var alike in rows.GroupBy(row => row.GetType()))
        {
            AddAlike(ShapeOf(context.Model, alike.Key), connection, transaction, alike);
        }
    }

    /// <summary>Writes what happened into the history, by the thousand; in a change that records nothing by <see cref="OrderQueries.Record"/>, which would come behind it.</summary>
    public static void RecordMany(this AcmeContext context, IReadOnlyCollection<AuditEvent> happened)
    {
        foreach (var one in happened)
        {
            one.Number(context.Chain!.Next());
            context.Chain.Add(one);
        }

        context.AddMany(happened);
    }

    private static void AddAlike(Shape shape, DbConnection connection, DbTransaction transaction, IEnumerable<object> rows)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = shape.Statement;
        var parameters = shape.Columns.Select(column => Add(command.CreateParameter(), command.Parameters, column.Name)).ToList();
        foreach (var row in rows)
        {
            for (var i = 0; i < parameters.Count; i++)
            {
                parameters[i].Value = shape.Columns[i].Read(row) ?? DBNull.Value;
            }

            command.ExecuteNonQuery();
        }
    }

    private static void AddBatch(IModel model, DbConnection connection, DbTransaction transaction, IEnumerable<object> rows)
    {
        using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var row in rows)
        {
            var shape = ShapeOf(model, row.GetType());
            var command = batch.CreateBatchCommand();
            command.CommandText = shape.Statement;
            foreach (var (name, read) in shape.Columns)
            {
                Add(command.CreateParameter(), command.Parameters, name).Value = read(row) ?? DBNull.Value;
            }

            batch.BatchCommands.Add(command);
        }

        batch.ExecuteNonQuery();
    }

    private static DbParameter Add(DbParameter parameter, DbParameterCollection parameters, string name)
    {
        parameter.ParameterName = name;
        parameters.Add(parameter);
        return parameter;
    }

    private static Shape ShapeOf(IModel model, Type row) => _shapes.GetOrCreateValue(model).GetOrAdd(row, _ => Shape.Of(model.FindEntityType(row)!));

    /// <summary>How a row of a type is inserted.</summary>
    /// <param name="Columns">Names of the parameters, and what they are filled with.</param>
    private sealed record Shape(string Statement, IReadOnlyList<(string Name, Func<object, object?> Read)> Columns)
    {
        public static Shape Of(IEntityType type)
        {
            var table = type.GetTableName()!;
            var columns = type.GetProperties().Select(property => Column(property, StoreObjectIdentifier.Table(table))).ToList();

            // names of tables and columns are those of the mapping
            return new Shape($"INSERT INTO {table} ({string.Join(", ", columns.Select(column => column.Name[1..]))}) VALUES ({string.Join(", ", columns.Select(column => column.Name))})", columns);
        }

        private static (string Name, Func<object, object?> Read) Column(IProperty property, StoreObjectIdentifier table)
        {
            var (member, converter) = (property.PropertyInfo!, property.GetTypeMapping().Converter);
            return ("@" + property.GetColumnName(table), row => member.GetValue(row) is not { } value ? null : converter is null ? value : converter.ConvertToProvider(value));
        }
    }
}
